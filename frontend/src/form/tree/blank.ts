/** The spec that an empty form stands for. */

import { initial } from "./edit";
import type { Forms, Mapping } from "./schema";

/** Each required part of which the catalog knows what is usual; the rest is left for the person to choose. */
export function blank(forms: Forms): Mapping {
  const { required = [], properties = {} } = forms.outline;
  const standard = required.filter((name) => {
    const family = forms.catalog.families.find((family) => family.name === properties[name]?.["x-family"]);
    return Boolean(family?.default);
  });
  return Object.fromEntries(standard.map((name) => [name, initial(properties[name]!, forms)]));
}
