// The picture of the question: the last one that was chosen, however long an earlier one takes to load.
import { element } from './view.js';

/** @import { Example } from './service.js' */
/** @typedef {{ image: File, example?: Example }} Picture */

const preview = element('preview', HTMLImageElement);
const fileError = element('file-error', HTMLParagraphElement);

/** @type {Picture | undefined} */
let picture;
/** The load that was begun last, while it lasts. @type {Promise<File> | undefined} */
let loading;

const isLoading = () => loading !== undefined;

/** The picture that is shown. */
export const chosenPicture = () => picture;

/** Waits for a picture that is still loading. @returns {Promise<boolean>} false if it cannot be had */
export const pictureLoaded = async () => {
  while (loading !== undefined) {
    const isLoaded = await loading.then(
      () => true,
      () => false,
    );
    if (!isLoaded && !isLoading()) return false;
  }
  return true;
};

/** @param {Picture} chosen */
const show = (chosen) => {
  picture = chosen;
  const { image, example } = chosen;
  URL.revokeObjectURL(preview.src);
  preview.src = URL.createObjectURL(image);
  preview.alt = example?.alt ?? `Chosen picture: ${image.name}`;
  preview.hidden = false;
  element('file-name', HTMLParagraphElement).textContent = image.name;
};

/**
 * Shows a picture in place of all that were chosen before.
 *
 * @param {Promise<File>} load
 * @param {Example} [example] whose picture it is
 * @returns {Promise<boolean>} false if another one was chosen meanwhile
 * @throws {Error} that `load` throws, unless another one was chosen meanwhile
 */
export const choosePicture = async (load, example) => {
  loading = load;
  fileError.textContent = '';
  try {
    const image = await load;
    if (loading !== load) return false;
    show({ image, ...(example === undefined ? {} : { example }) });
    return true;
  } catch (problem) {
    if (loading === load) throw problem;
    return false;
  } finally {
    if (loading === load) loading = undefined;
  }
};

preview.addEventListener('error', () => {
  // The model reads TIFF, which most browsers cannot display.
  preview.hidden = true;
  if (!/tiff?$/i.test(picture?.image.name ?? ''))
    fileError.textContent = 'This browser cannot display the picture; it may be damaged.';
});
