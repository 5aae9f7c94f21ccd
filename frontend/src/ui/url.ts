import { useCallback, useMemo } from "react";
import { useLocation, useSearch } from "wouter";

type Changes = Record<string, string | string[] | null | undefined>;

/** The view's state in the address, so that a link shares it. Empty values are left out. */
export function useUrlState(): [URLSearchParams, (changes: Changes) => void] {
  const search = useSearch();
  const [path, navigate] = useLocation();
  const params = useMemo(() => new URLSearchParams(search), [search]);
  const change = useCallback(
    (changes: Changes) => navigate(`${path}${changed(changes)}`, { replace: true }),
    [navigate, path],
  );
  return [params, change];
}

// Read when it is used, not when it was drawn: two changes in one moment must not undo each other.
function changed(changes: Changes): string {
  const params = new URLSearchParams(window.location.search);
  for (const [name, value] of Object.entries(changes)) {
    const text = Array.isArray(value) ? value.join(",") : value;
    if (text) params.set(name, text);
    else params.delete(name);
  }
  const query = params.toString().replaceAll("%2C", ",");
  return query && `?${query}`;
}

/** The values of a comma-separated parameter. */
export const listed = (params: URLSearchParams, name: string): string[] => params.get(name)?.split(",").filter(Boolean) ?? [];
