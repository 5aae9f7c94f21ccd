import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, ApiError, body } from "./client";
import type { UploadDetail } from "./types";

/** One's own data, newest first. */
export const useUploads = () =>
  useQuery({ queryKey: ["uploads"], queryFn: ({ signal }) => body(api.GET("/api/uploads", { signal })) });

/** Everything that was found in one of them. It never changes. */
export const useUpload = (id: string) =>
  useQuery({
    queryKey: ["upload", id],
    queryFn: ({ signal }) => body(api.GET("/api/uploads/{upload_id}", { params: { path: { upload_id: id } }, signal })),
    enabled: id !== "",
    staleTime: Infinity,
  });

/** The data that come with the workers. */
export const useDatasets = () =>
  useQuery({ queryKey: ["datasets"], queryFn: ({ signal }) => body(api.GET("/api/datasets", { signal })) });

export function useDeleteUpload() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => api.DELETE("/api/uploads/{upload_id}", { params: { path: { upload_id: id } } }),
    onSettled: () => client.invalidateQueries({ queryKey: ["uploads"] }),
  });
}

/** A part of the form that is sent: its name, and a text, or a file and the path under which it is sent. */
export type Part = readonly [name: string, value: string | File, path?: string];

/** Sends a form and tells how far it is; `fetch` cannot. With the same key it arrives once. Fails with an `ApiError`. */
export function send(parts: readonly Part[], key: string, onProgress: (share: number) => void, signal: AbortSignal): Promise<UploadDetail> {
  const form = new FormData();
  for (const [name, value, path] of parts) {
    if (typeof value === "string") form.append(name, value);
    else form.append(name, value, path ?? value.name);
  }
  const request = new XMLHttpRequest();
  signal.addEventListener("abort", () => request.abort());
  return new Promise((resolve, reject) => {
    request.upload.onprogress = ({ loaded, total }) => onProgress(total > 0 ? loaded / total : 0);
    request.onload = () => (request.status === 201 ? resolve(request.response as UploadDetail) : reject(refusal(request)));
    request.onerror = () => reject(new ApiError(0, "Unreachable", "The file did not arrive: is Lathe still running, and the file not too large?"));
    request.onabort = () => reject(new DOMException("Stopped.", "AbortError"));
    request.open("POST", "/api/uploads");
    request.responseType = "json";
    request.setRequestHeader("X-Lathe", "1");
    request.setRequestHeader("Idempotency-Key", key);
    request.send(form);
  });
}

function refusal({ status, response }: XMLHttpRequest): ApiError {
  const { error, detail, path } = (response ?? {}) as { error?: string; detail?: string; path?: string | null };
  const message = detail ?? `The server answered ${status}.`;
  return new ApiError(status, error ?? "Error", message, path ? [{ path, message: message }] : []);
}
