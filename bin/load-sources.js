// Lets this process import TypeScript: Node.js does so by itself from 22.18 on, older ones through tsx.
if (!process.features.typescript) {
  const { register } = await import('tsx/esm/api');
  register();
}
