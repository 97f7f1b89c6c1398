// What the types must not let pass.
import type { Board } from "./dashboard_types";

type Panel = Board["panels"][number];
const plain = { defaults: {}, overrides: [] };
const targets: [] = [];

// @ts-expect-error There is no such kind of panel.
export const kind: Panel = { type: "tabel", options: {}, fieldConfig: plain, targets };

export const option: Panel = {
  type: "timeseries",
  // @ts-expect-error There is no such option.
  options: { legnd: { calcs: [], displayMode: "list", placement: "bottom", showLegend: true } },
  fieldConfig: plain,
  targets,
};

export const choice: Panel = {
  type: "timeseries",
  options: {},
  // @ts-expect-error There is no such style.
  fieldConfig: { defaults: { custom: { drawStyle: "stripes" } }, overrides: [] },
  targets,
};

export const overrideOfNothing: Panel = {
  type: "timeseries",
  options: {},
  fieldConfig: {
    defaults: {},
    // @ts-expect-error There is no such option of fields.
    overrides: [{ matcher: { id: "byName" }, properties: [{ id: "custom.lineStile", value: 1 }] }],
  },
  targets,
};

export const override: Panel = {
  type: "table",
  options: {},
  fieldConfig: {
    defaults: {},
    // @ts-expect-error Units are texts.
    overrides: [{ matcher: { id: "byName" }, properties: [{ id: "unit", value: 1 }] }],
  },
  targets,
};

export const ofAnother: Panel = {
  type: "table",
  options: {},
  // @ts-expect-error Tables have no lines.
  fieldConfig: { defaults: { custom: { lineWidth: 1 } }, overrides: [] },
  targets,
};
