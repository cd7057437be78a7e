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
    frame.classList.toggle('over', !isText(event));
    if (!isText(event)) event.preventDefault();
  });
  document.addEventListener('dragleave', (event) => {
    if (event.relatedTarget === null) frame.classList.remove('over');
  });
  document.addEventListener('drop', (event) => {
    frame.classList.remove('over');
    if (isText(event)) return;
    event.preventDefault();
    const [dropped, ...more] = event.dataTransfer?.files ?? [];
    if (more.length > 0) onError(new Error(`Those are ${more.length + 1} files. Drop one picture.`));
    else if (dropped) onFile(dropped);
    // A picture dragged from another page arrives as a URL, which is not fetched.
    else onError(new Error('That is not a file. Save the picture first and drop the file here, or copy and paste it.'));
  });
};

/** Whether the browser is to paste a text into a field. @param {ClipboardEvent} event */
export const isTextPasted = ({ target, clipboardData }) => {
  if (!(target instanceof HTMLTextAreaElement || (target instanceof HTMLInputElement && target.type !== 'file')))
    return false;
  const { types = [], files = [] } = clipboardData ?? {};
  // Word processors and spreadsheets add a picture of the text that is copied.
  return files.length === 0 || (types.includes('text/plain') && types.includes('text/html'));
};

/** The files that are pasted: the pictures if there are any. @param {ClipboardEvent} event @returns {File[]} */
export const pastedFiles = ({ clipboardData }) => {
  const files = [...(clipboardData?.files ?? [])];
  const pictures = files.filter(({ type }) => type.startsWith('image/'));
  return pictures.length > 0 ? pictures : files;
};
