import { MoonIcon, ScreenIcon, SunIcon } from "./icons";

export const SCHEMES = [
  { value: "light", label: "Light", icon: SunIcon },
  { value: "dark", label: "Dark", icon: MoonIcon },
  { value: "auto", label: "As the system", icon: ScreenIcon },
] as const;
