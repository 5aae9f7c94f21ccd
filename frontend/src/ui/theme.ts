import { useComputedColorScheme } from "@mantine/core";
import type { Theme } from "../api/figure";

/** Whether charts are drawn for light or for dark ground. */
export const useTheme = (): Theme => useComputedColorScheme("light", { getInitialValueInEffect: false });
