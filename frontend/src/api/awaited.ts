/** Whether what is shown may be out of date and the answer that says so is on its way. A poll of what is fresh is not. */
export const awaited = ({ isFetching, isStale }: { isFetching: boolean; isStale: boolean }): boolean => isFetching && isStale;
