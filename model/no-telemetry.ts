/**
 * ONNX Runtime's releases for Linux and macOS tell their makers by default what they run (events of sessions, models and
 * devices, sent to mobile.events.data.microsoft.com), and keep an identifier of the machine below the home folder. A
 * process is spared that if this is set before ONNX Runtime is loaded; "0" brings it back.
 */
process.env['ORT_DISABLE_TELEMETRY'] ??= '1';
