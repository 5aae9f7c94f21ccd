import { useQuery } from "@tanstack/react-query";
import { api, body } from "./client";

/** Specs that run as they are. */
export const useTemplates = () =>
  useQuery({ queryKey: ["templates"], queryFn: ({ signal }) => body(api.GET("/api/templates", { signal })) });
