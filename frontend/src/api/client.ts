import createClient, { type Middleware } from "openapi-fetch";
import type { components, paths } from "./schema";

export type Problem = components["schemas"]["Problem"];

/** A request that the server refused or that never reached it, told in one sentence. */
export class ApiError extends Error {
  constructor(
    /** HTTP status; 0 when the server could not be reached. */
    readonly status: number,
    /** Name of the error, such as `RunNotFound`. */
    readonly kind: string,
    detail: string,
    readonly problems: Problem[] = [],
  ) {
    super(detail);
  }
}

interface Refusal {
  error?: string;
  detail?: string;
  path?: string | null;
  problems?: Problem[];
}

async function refusal(response: Response): Promise<ApiError> {
  const body = (await response
    .clone()
    .json()
    .catch(() => ({}))) as Refusal;
  const detail = typeof body.detail === "string" ? body.detail : `The server answered ${response.status}.`;
  const problems = body.problems?.length ? body.problems : body.path ? [{ path: body.path, message: detail }] : [];
  return new ApiError(response.status, body.error ?? "Error", detail, problems);
}

const manners: Middleware = {
  onRequest: ({ request }) => {
    request.headers.set("X-Lathe", "1");
    return request;
  },
  onResponse: async ({ response }) => {
    if (!response.ok) throw await refusal(response);
  },
  onError: ({ error }) =>
    error instanceof ApiError
      ? error
      : error instanceof DOMException && error.name === "AbortError"
        ? error
        : new ApiError(0, "Unreachable", "Lathe does not answer. Is it still running? It is tried again by itself."),
};

export const api = createClient<paths>({ baseUrl: globalThis.location?.origin ?? "http://127.0.0.1" });
api.use(manners);

/** The body of a successful answer. Failures have been thrown as `ApiError` before. */
export async function body<T>(answer: Promise<{ data?: T }>): Promise<T> {
  return (await answer).data as T;
}
