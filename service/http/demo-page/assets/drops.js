// Accepts pictures that are dropped on the page.

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
    const dropped = event.dataTransfer?.files[0];
    if (dropped) onFile(dropped);
    // A picture dragged from another page arrives as a URL, which is not fetched.
    else onError(new Error('That is not a file. Save the picture first and drop the file here, or copy and paste it.'));
  });
};
