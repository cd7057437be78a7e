// Takes a photo with the computer's or the phone's camera.
import { element } from './view.js';

/** Shows the button if there is a camera. @param {(photo: File) => void} onPhoto @param {(problem: unknown) => void} onError */
export const offerCamera = async (onPhoto, onError) => {
  // Browsers offer cameras only to pages from localhost or over TLS.
  const devices = /** @type {MediaDevices | undefined} */ (navigator.mediaDevices);
  const found = await devices?.enumerateDevices().catch(() => []);
  if (devices === undefined || !found?.some(({ kind }) => kind === 'videoinput')) return;
  const button = element('camera', HTMLButtonElement);
  const dialog = element('camera-dialog', HTMLDialogElement);
  const view = element('camera-view', HTMLVideoElement);
  button.hidden = false;
  let isOpening = false;
  button.addEventListener('click', () => {
    // A second stream would keep the camera on.
    if (isOpening) return;
    isOpening = true;
    void devices
      .getUserMedia({ video: { facingMode: 'environment' } })
      .then(
        (stream) => {
          view.srcObject = stream;
          // It is rejected if the dialog is closed before the first picture.
          view.play().catch(() => undefined);
          dialog.showModal();
        },
        () => {
          onError(new Error('The camera cannot be used. Allow it for this page in the browser, or choose a picture.'));
        },
      )
      .finally(() => (isOpening = false));
  });
  dialog.addEventListener('close', () => {
    if (view.srcObject instanceof MediaStream) for (const track of view.srcObject.getTracks()) track.stop();
    view.srcObject = null;
  });
  element('camera-cancel', HTMLButtonElement).addEventListener('click', () => {
    dialog.close();
  });
  element('camera-take', HTMLButtonElement).addEventListener('click', () => {
    // Cameras take a moment until their first picture.
    if (view.videoWidth === 0) return;
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [view.videoWidth, view.videoHeight];
    canvas.getContext('2d')?.drawImage(view, 0, 0);
    canvas.toBlob(
      (blob) => {
        dialog.close();
        if (blob) onPhoto(new File([blob], 'photo.jpg', { type: blob.type }));
      },
      'image/jpeg',
      0.95,
    );
  });
};
