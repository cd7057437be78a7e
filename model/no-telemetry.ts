/**
 * ONNX Runtime's releases for Linux and macOS send telemetry by default (events about sessions, models and devices,
 * to mobile.events.data.microsoft.com), and keep an identifier of the machine in the home folder. This turns it off,
 * if it is set before ONNX Runtime is loaded. Set it to "0" to turn telemetry on.
 */
process.env['ORT_DISABLE_TELEMETRY'] ??= '1';
