/** Handlers by the name of what happens. */
export class Emitter {
  #handlers = new Map();

  /** Call a handler whenever this happens; returns the function that ends it. */
  on(name, handler) {
    if (!this.#handlers.has(name)) this.#handlers.set(name, new Set());
    this.#handlers.get(name).add(handler);
    return () => this.#handlers.get(name).delete(handler);
  }

  /** Tell everybody; one handler's fault doesn't keep it from the others. */
  emit(name, data) {
    for (const handler of [...(this.#handlers.get(name) ?? [])]) {
      try {
        handler(data);
      } catch (error) {
        reportError(error);
      }
    }
  }
}
