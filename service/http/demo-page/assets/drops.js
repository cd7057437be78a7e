// Accepts pictures that are dropped or pasted on the page.

/** Whether text is being dragged to a text field. @param {DragEvent} event */
const isText = ({ target, dataTransfer }) =>
  target instanceof HTMLTextAreaElement && !dataTransfer?.types.includes('Files');

/**
 * Takes a picture that is dropped anywhere on the page: the browser would navigate to one dropped beside the frame.
 *
 * @param {HTMLElement} frame gets the class `over` while something is dragged over the page
 * @param {(dropped: File) => void} onFile
 * @param {(problem: unknown) => void} onError
 */
export const acceptDrops = (frame, onFile, onError) => {
  document.addEventListener('dragover', (event) => {
    if (isText(event)) return;
    event.preventDefault();
    frame.classList.add('over');
  });
  document.addEventListener('dragleave', (event) => {
    if (event.relatedTarget === null) frame.classList.remove('over');
  });
  document.addEventListener('drop', (event) => {
    if (isText(event)) return;
    event.preventDefault();
    frame.classList.remove('over');
    const [dropped, ...more] = event.dataTransfer?.files ?? [];
    if (more.length > 0) onError(new Error(`Those are ${more.length + 1} files. Drop one picture.`));
    else if (dropped) onFile(dropped);
    // A picture dragged from another page arrives as a URL, which is not fetched.
    else onError(new Error('That is not a file. Save the picture first and drop the file here, or copy and paste it.'));
  });
};

/**
 * The file that is pasted: a picture if there is one.
 *
 * @param {ClipboardEvent} event
 * @returns {File | undefined} undefined where the browser is to paste a text
 */
export const pastedFile = ({ target, clipboardData }) => {
  const { types = [], files = [] } = clipboardData ?? {};
  // Word processors and spreadsheets add a picture of the text that is copied.
  const isFormattedText = types.includes('text/plain') && types.includes('text/html');
  if (isFormattedText && (target instanceof HTMLTextAreaElement || target instanceof HTMLInputElement))
    return undefined;
  return [...files].find(({ type }) => type.startsWith('image/')) ?? files[0];
};
