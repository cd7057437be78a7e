/** The folder of package.json, from this file or from its compiled form in build/. */
export const ROOT = new URL(import.meta.url.endsWith('.ts') ? '../' : '../../', import.meta.url);
