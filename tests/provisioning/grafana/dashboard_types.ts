// Grafana's own types of dashboards, as JSON has them: there, an enum is one of its
// texts, and a panel has the options of its kind.
import type {
  ColorDimensionConfig,
  Dashboard,
  DataQuery,
  DataTransformerConfig,
  FrameGeometrySource,
  MapLayerOptions,
  MatcherConfig,
  ResourceDimensionConfig,
  ScaleDimensionConfig,
  TextDimensionConfig,
  VariableModel,
} from "@grafana/schema";
import type * as barchart from "@grafana/schema/dist/esm/raw/composable/barchart/panelcfg/x/BarChartPanelCfg_types.gen";
import type * as geomap from "@grafana/schema/dist/esm/raw/composable/geomap/panelcfg/x/GeomapPanelCfg_types.gen";
import type * as heatmap from "@grafana/schema/dist/esm/raw/composable/heatmap/panelcfg/x/HeatmapPanelCfg_types.gen";
import type * as stat from "@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen";
import type * as statetimeline from "@grafana/schema/dist/esm/raw/composable/statetimeline/panelcfg/x/StateTimelinePanelCfg_types.gen";
import type * as table from "@grafana/schema/dist/esm/raw/composable/table/panelcfg/x/TablePanelCfg_types.gen";
import type * as timeseries from "@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen";
import type * as trend from "@grafana/schema/dist/esm/raw/composable/trend/panelcfg/x/TrendPanelCfg_types.gen";
import type * as raw from "@grafana/schema/dist/esm/raw/dashboard/x/dashboard_types.gen";

type Json<T> = T extends string
  ? `${T}`
  : T extends (infer Item)[]
    ? Json<Item>[]
    : T extends object
      ? { [Key in keyof T]: Json<T[Key]> }
      : T;

// Types have only the base of queries: each data source brings its own.
interface Sql extends DataQuery {
  editorMode: "code";
  format: "table" | "time_series";
  rawQuery: true;
  rawSql: string;
}

interface PromQL extends DataQuery {
  editorMode: "code";
  expr: string;
  format: "time_series" | "heatmap";
  instant: boolean;
  legendFormat: string;
  range: boolean;
}

type Standard = Omit<raw.FieldConfig, "custom">;
type Named<Prefix extends string, Config> = {
  [Key in keyof Config & string]-?: { id: `${Prefix}${Key}`; value?: Config[Key] };
}[keyof Config & string];

interface Override<Custom> {
  matcher: MatcherConfig<string>;
  properties: (Named<"", Standard> | Named<"custom.", Custom>)[];
}

// What JSON leaves out of the options, Grafana adds.
type Panel<Type, Options, Custom> = Omit<
  raw.Panel,
  "type" | "options" | "fieldConfig" | "targets" | "transformations"
> & {
  type: Type;
  options: Partial<Options>;
  fieldConfig: {
    defaults: Standard & { custom?: Partial<Custom> };
    overrides: Override<Custom>[];
  };
  targets: (Sql | PromQL)[];
  transformations?: DataTransformerConfig<{
    fields: string[];
    naming: { asLabels: boolean };
  }>[];
};

// Markers have no type of their own, but what they are made of has.
interface Markers {
  showLegend: boolean;
  style: {
    color: ColorDimensionConfig;
    opacity: number;
    size: ScaleDimensionConfig;
    symbol?: ResourceDimensionConfig;
    text?: TextDimensionConfig;
    textConfig?: {
      fontSize: number;
      offsetX: number;
      offsetY: number;
      textAlign: "left" | "center" | "right";
      textBaseline: "top" | "middle" | "bottom";
    };
  };
}

interface Geomap extends Omit<geomap.Options, "layers"> {
  layers: (MapLayerOptions<Markers> & { location: FrameGeometrySource })[];
}

type AnyPanel =
  | Panel<"barchart", barchart.Options, barchart.FieldConfig>
  | Panel<"geomap", Geomap, Record<never, never>>
  | Panel<"heatmap", heatmap.Options, heatmap.FieldConfig>
  | Panel<"stat", stat.Options, Record<never, never>>
  | Panel<"state-timeline", statetimeline.Options, statetimeline.FieldConfig>
  | Panel<"table", table.Options, table.FieldConfig>
  | Panel<"timeseries", timeseries.Options, timeseries.FieldConfig>
  | Panel<"trend", trend.Options, trend.FieldConfig>
  | raw.RowPanel;

// The library that makes the dashboards writes what only intervals have.
type Variable = VariableModel & {
  auto: boolean;
  auto_count: number;
  auto_min: string;
};

export type Board = Json<
  Omit<Dashboard, "panels" | "templating" | "annotations"> & {
    panels: AnyPanel[];
    templating: { list: Variable[] };
    annotations: {
      list: (Omit<raw.AnnotationQuery, "target"> & { target: Sql })[];
    };
  }
>;
