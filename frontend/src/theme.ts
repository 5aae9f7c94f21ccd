import {
  type CSSVariablesResolver,
  createTheme,
  type MantineColorsTuple,
  Paper,
  Table,
  Tooltip,
} from "@mantine/core";

const accent: MantineColorsTuple = [
  "#eef2ff",
  "#dfe6fd",
  "#bccaf8",
  "#96abf3",
  "#7590ef",
  "#5f7eec",
  "#4a68dc",
  "#3b56c4",
  "#3349a8",
  "#2a3c8c",
];

const dark: MantineColorsTuple = [
  "#dfe2e8",
  "#c3c8d2",
  "#a2a9b8",
  "#7c8496",
  "#4a5161",
  "#363c49",
  "#2a2f3a",
  "#1e222a",
  "#16191f",
  "#101216",
];

export const theme = createTheme({
  colors: { accent, dark },
  primaryColor: "accent",
  primaryShade: { light: 7, dark: 6 },
  defaultRadius: "md",
  fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", Arial, sans-serif',
  fontFamilyMonospace: 'ui-monospace, "SF Mono", "Cascadia Code", "Roboto Mono", Menlo, Consolas, monospace',
  fontSizes: { xs: "0.75rem", sm: "0.8125rem", md: "0.875rem", lg: "1rem", xl: "1.125rem" },
  headings: {
    fontWeight: "600",
    sizes: {
      h1: { fontSize: "1.375rem", lineHeight: "1.3" },
      h2: { fontSize: "1.0625rem", lineHeight: "1.4" },
      h3: { fontSize: "0.9375rem", lineHeight: "1.4" },
    },
  },
  cursorType: "pointer",
  components: {
    Paper: Paper.extend({ defaultProps: { withBorder: true, radius: "md" } }),
    Table: Table.extend({ defaultProps: { verticalSpacing: 6, horizontalSpacing: "sm" } }),
    Tooltip: Tooltip.extend({ defaultProps: { withArrow: true, openDelay: 250, events: { hover: true, focus: true, touch: true } } }),
  },
});

/** The few places where the library's own greys fall short of a contrast of 4.5 to 1. */
export const cssVariables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    "--mantine-color-body": "#f7f8fa",
    "--mantine-color-dimmed": "#586070",
    "--mantine-color-placeholder": "#6b7280",
    "--mantine-color-default-border": "#e1e4ea",
    "--lathe-surface": "#ffffff",
    "--lathe-sunken": "#eef0f4",
    "--lathe-hover": "#f1f3f8",
    "--lathe-edge": "rgba(30, 36, 50, 0.22)",
  },
  dark: {
    "--mantine-color-body": "#101216",
    "--mantine-color-dimmed": "#a2a9b8",
    "--mantine-color-placeholder": "#8c94a5",
    "--mantine-color-default-border": "#2a2f3a",
    "--lathe-surface": "#16191f",
    "--lathe-sunken": "#1e222a",
    "--lathe-hover": "#1c2027",
    "--lathe-edge": "rgba(255, 255, 255, 0.2)",
  },
});
