/** File names inside a model package folder. */
export const PACKAGE_FILES = {
  /** From an image to its features. */
  imageGraph: 'image.onnx',
  /** From features and tokens to answers. */
  graph: 'model.onnx',
  /** The weights of both graphs. */
  weights: 'model.onnx.data',
  tokenizer: 'tokenizer.json',
  manifest: 'manifest.json',
} as const;

/** Version of the package layout that this code writes and reads. */
export const PACKAGE_FORMAT = 2;

/** Names of the graphs' inputs and outputs. B: batch, P: image positions, W: width, T: tokens, A: answers. */
export const GRAPH_IO = {
  /** uint8 [B, size, size, 3], RGB. */
  image: 'image',
  /** float32 [B, P, W]: the output of the image graph, which the other graph reads. */
  imageFeatures: 'image_features',
  /** int64 [B, T], padded on the right with `specialTokens.pad`. */
  inputIds: 'input_ids',
  /** float32 [B, A], rows sum to 1. */
  probabilities: 'probabilities',
  /** float32 [B, A], natural logarithms: sums of the constrained log-probabilities along each answer. */
  logScores: 'log_scores',
} as const;
