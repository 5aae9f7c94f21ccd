/** A part of the built front end could not be fetched: the server is away, or has a newer build. */
export class NotLoaded extends Error {
  constructor() {
    super("Lathe does not hand out this part of the page. It is tried again until it does.");
  }
}

/** Imports once; after a failure it imports again when it is next asked for. */
export function importer<T>(load: () => Promise<T>): () => Promise<T> {
  let loading: Promise<T> | undefined;
  return () => {
    loading ??= load().catch(() => {
      loading = undefined;
      throw new NotLoaded();
    });
    return loading;
  };
}
