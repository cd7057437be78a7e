/** A server that accepts connections. */
export interface Listener {
  readonly port: number;
  /**
   * Accepts the connections that the kernel has established and no more, closes idle ones, and resolves when the last
   * request has been answered.
   */
  close(): Promise<void>;
  /** Destroys the open connections. */
  destroy(): void;
}
