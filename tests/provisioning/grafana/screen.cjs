// What Grafana shows, by its own code. Reads {panels: [{panel, frames}], values} as JSON
// from standard input, where values are those of variables, and writes to standard
// output what each panel shows, and what names Grafana knows.
"use strict";

globalThis.window = globalThis;
globalThis.navigator ??= { language: "en-US", languages: ["en-US"] };

const { readFileSync } = require("node:fs");
const { map } = require("rxjs/operators");
const grafana = require("@grafana/data");
const { VariableFormatID: Formats } = require("@grafana/schema");

// So many cells of each column are written.
const CELLS = 400;
const theme = grafana.createTheme();

// The application registers the options of fields; the library has what they do.
const text = { process: grafana.stringOverrideProcessor, settings: { expandTemplateVars: true } };
const number = { process: grafana.numberOverrideProcessor };
const steps = [{ value: -Infinity, color: "green" }, { value: 80, color: "red" }];
const standard = {
  actions: {},
  color: {},
  decimals: number,
  displayName: { ...text, process: grafana.displayNameOverrideProcessor },
  fieldMinMax: { process: grafana.booleanOverrideProcessor },
  filterable: { process: grafana.booleanOverrideProcessor },
  links: { process: grafana.dataLinksOverrideProcessor },
  mappings: { process: grafana.valueMappingsOverrideProcessor },
  max: number,
  min: number,
  noValue: text,
  thresholds: {
    process: grafana.thresholdsOverrideProcessor,
    defaultValue: { mode: "absolute", steps },
  },
  unit: { process: grafana.unitOverrideProcessor },
};
grafana.standardFieldConfigEditorRegistry.setInit(() =>
  Object.values(grafana.FieldConfigProperty).map((id) => option(id, standard[id])),
);
// Likewise of panels: whether the types have them is tested with the types.
const byPanels = { axisLabel: text };
const colours = {
  barchart: "palette-classic",
  "state-timeline": "continuous-GrYlRd",
  timeseries: "palette-classic",
  trend: "palette-classic",
};

function option(path, how = {}) {
  const basis = { settings: {}, process: grafana.identityOverrideProcessor, shouldApply: () => true };
  return { ...basis, ...how, id: path, path, name: path };
}

function pluginOf({ type, fieldConfig }) {
  const set = (fieldConfig.overrides ?? []).flatMap(({ properties }) => properties.map(({ id }) => id));
  const custom = set.filter((id) => id.startsWith("custom.")).map((id) => id.slice("custom.".length));
  const paths = new Set([...Object.keys(fieldConfig.defaults.custom ?? {}), ...custom]);
  const mode = colours[type];
  return new grafana.PanelPlugin(null).useFieldConfig({
    standardOptions: mode ? { color: { defaultValue: { mode } } } : {},
    useCustomConfig: (builder) => {
      for (const path of paths) builder.addCustomEditor(option(path, byPanels[path]));
    },
  });
}

// Of the application too: texts with variables.
function replacer(values) {
  return (asked, scoped, format) =>
    String(asked ?? "").replace(/\$\{([\w.]+)(?::(\w+))?\}|\$(\w+)/g, (all, long, own, short) =>
      formatted(long ?? short, valueOf(long ?? short, values, scoped), own ?? format),
    );
}

function valueOf(asked, values, scoped) {
  const [name, kind, key] = asked.split(".");
  const { frame, field, rowIndex } = scoped?.__dataContext?.value ?? {};
  if (name === "__data" && kind === "fields") {
    const found = frame.fields.find((one) => grafana.getFieldDisplayName(one, frame) === key);
    if (!found) throw new Error(`${asked} is no field`);
    return found.values[rowIndex];
  }
  if (name === "__field" && kind === "labels") return field.labels?.[key] ?? "";
  if (!(asked in values)) throw new Error(`${asked} is no variable`);
  return values[asked];
}

function formatted(name, value, format) {
  if (name.startsWith("__url")) return value;
  if (format === Formats.QueryParam) return `var-${name}=${encodeURIComponent(value)}`;
  if (format === Formats.PercentEncode) return encodeURIComponent(value);
  return format === Formats.UriEncode ? encodeURI(value) : String(value);
}

// And this transformation.
function partitionByValues({ fields, naming }) {
  return (source) => source.pipe(map((frames) => frames.flatMap((one) => parts(one, fields, naming))));
}

function parts(frame, names, naming) {
  const keys = frame.fields.filter(({ name }) => names.includes(name));
  const rows = new Map();
  for (let row = 0; row < frame.length; row++) {
    const key = JSON.stringify(keys.map(({ values }) => values[row]));
    rows.set(key, [...(rows.get(key) ?? []), row]);
  }
  return [...rows.values()].map((chosen) => {
    const labels = Object.fromEntries(keys.map(({ name, values }) => [name, values[chosen[0]]]));
    const kept = frame.fields.filter((field) => !keys.includes(field));
    const fields = kept.map((field) => ({
      ...field,
      labels: naming?.asLabels ? { ...field.labels, ...labels } : field.labels,
      values: chosen.map((row) => field.values[row]),
    }));
    return { ...frame, fields, length: chosen.length, name: naming?.asLabels ? "" : Object.values(labels).join(" ") };
  });
}

const { partitionByValues: partition } = grafana.DataTransformerID;
const transformers = Object.values(grafana.standardTransformers);
grafana.standardTransformersRegistry.setInit(() =>
  [{ id: partition, operator: partitionByValues }, ...new Set(transformers)].map((transformation) => ({
    id: transformation.id,
    transformation,
  })),
);

async function shown({ panel, frames }, values) {
  const replaceVariables = replacer(values);
  const read = frames.map((frame) => grafana.createDataFrame(frame));
  const context = { interpolate: (value) => replaceVariables(value) };
  const series = await new Promise((next, error) =>
    grafana.transformDataFrame(panel.transformations ?? [], read, context).subscribe({ next, error }),
  );
  const plugin = pluginOf(panel);
  const { fieldConfig } = grafana.getPanelOptionsWithDefaults({
    plugin,
    currentOptions: panel.options,
    currentFieldConfig: panel.fieldConfig,
    isAfterPluginChange: false,
  });
  const how = { fieldConfig, replaceVariables, theme, timeZone: "utc" };
  const data = grafana.applyFieldOverrides({ ...how, data: series, fieldConfigRegistry: plugin.fieldConfigRegistry });
  const reduced = { ...how, data, reduceOptions: panel.options.reduceOptions };
  return {
    series: data.map((frame) => frame.fields.map((field) => column(field, frame, data))),
    overrides: panel.fieldConfig.overrides.map(({ matcher }) => fieldsFor(matcher, series)),
    layers: (panel.options.layers ?? []).map(({ filterData }) => framesFor(filterData, data)),
    figures: panel.type === "stat" ? grafana.getFieldDisplayValues(reduced).map(({ display }) => figure(display)) : [],
  };
}

function fieldsFor(matcher, frames) {
  const matches = grafana.fieldMatchers.get(matcher.id).get(matcher.options);
  return frames.flatMap((frame) =>
    frame.fields.filter((field) => matches(field, frame, frames)).map(({ name }) => name),
  );
}

function framesFor(filter, frames) {
  const matches = grafana.getFrameMatchers(filter);
  return frames.flatMap((frame, place) => (matches(frame) ? [place] : []));
}

function column(field, frame, all) {
  const { custom = {}, links } = field.config;
  const values = field.values.slice(0, CELLS);
  return {
    name: grafana.getFieldDisplayName(field, frame, all),
    type: field.type,
    custom,
    rising: grafana.isLikelyAscendingVector(field.values),
    values,
    cells: values.map((value) => figure(field.display(value))),
    links: links ? values.map((_, row) => field.getLinks({ valueRowIndex: row }).map(({ href }) => href)) : [],
  };
}

function figure(display) {
  return { title: display.title ?? null, text: grafana.formattedValueToString(display), colour: display.color ?? null };
}

function known() {
  const ids = (registry) => registry.list().map(({ id }) => id);
  return {
    units: grafana.getValueFormats().flatMap(({ submenu }) => submenu.map(({ value }) => value)),
    reducers: ids(grafana.fieldReducers),
    matchers: ids(grafana.fieldMatchers),
    colours: ids(grafana.fieldColorModeRegistry),
    transformations: Object.values(grafana.DataTransformerID),
    formats: Object.values(Formats),
  };
}

async function main() {
  const { panels, values } = JSON.parse(readFileSync(0, "utf8"));
  const found = [];
  for (const one of panels) found.push(await shown(one, values));
  process.stdout.write(JSON.stringify({ panels: found, known: known() }));
}

main();
