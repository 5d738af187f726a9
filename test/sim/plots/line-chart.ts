import { parse, type Spec, View } from 'vega'

/** One line of a chart: a name for the legend, and its points. */
export interface Series {
  name: string
  points: readonly { x: number; y: number }[]
}

export interface LineChart {
  xTitle: string
  yTitle: string
  /** `log` for powers of two. */
  xScale: 'linear' | 'log'
  xTicks: readonly number[]
  series: readonly Series[]
}

const WIDTH = 560
const HEIGHT = 300
/** Readable on a white page and on a dark one. */
const INK = '#808890'
const GRID = '#80889040'
const COLOURS = ['#2f81f7', '#d18616', '#3fb950', '#a371f7']

/** Draws a chart as SVG text, without a background of its own. */
export async function drawLineChart(chart: LineChart): Promise<string> {
  const view = new View(parse(specOf(chart)), { renderer: 'none' })
  const svg = await view.toSVG()
  view.finalize()
  return `${svg}\n`
}

function specOf({ xTitle, yTitle, xScale, xTicks, series }: LineChart): Spec {
  const values = series.flatMap(({ name, points }) => points.map(point => ({ ...point, name })))
  const xs = values.map(value => value.x)
  const axis = {
    domainColor: INK,
    tickColor: INK,
    labelColor: INK,
    titleColor: INK,
    gridColor: GRID,
    grid: true,
    labelFontSize: 12,
    titleFontSize: 13
  }
  const line = {
    x: { scale: 'x', field: 'x' },
    y: { scale: 'y', field: 'y' },
    stroke: { scale: 'colour', field: 'name' }
  }
  return {
    $schema: 'https://vega.github.io/schema/vega/v6.json',
    width: WIDTH,
    height: HEIGHT,
    padding: 8,
    data: [{ name: 'points', values }],
    scales: [
      {
        name: 'x',
        type: xScale,
        ...(xScale === 'log' ? { base: 2 } : {}),
        range: 'width',
        domain: [Math.min(...xs), Math.max(...xs)],
        nice: false
      },
      {
        name: 'y',
        type: 'linear',
        range: 'height',
        domain: { data: 'points', field: 'y' },
        zero: true,
        nice: true
      },
      { name: 'colour', type: 'ordinal', domain: series.map(({ name }) => name), range: COLOURS }
    ],
    axes: [
      {
        ...axis,
        orient: 'bottom',
        scale: 'x',
        title: xTitle,
        values: [...xTicks],
        format: '~g',
        grid: false
      },
      { ...axis, orient: 'left', scale: 'y', title: yTitle }
    ],
    legends: [
      {
        stroke: 'colour',
        orient: 'top-left',
        labelColor: INK,
        labelFontSize: 12,
        labelLimit: 400,
        symbolType: 'stroke'
      }
    ],
    marks: [
      {
        type: 'group',
        from: { facet: { name: 'lines', data: 'points', groupby: 'name' } },
        marks: [
          {
            type: 'line',
            from: { data: 'lines' },
            encode: { enter: { ...line, strokeWidth: { value: 2 } } }
          },
          {
            type: 'symbol',
            from: { data: 'lines' },
            encode: {
              enter: {
                x: line.x,
                y: line.y,
                size: { value: 40 },
                fill: { scale: 'colour', field: 'name' }
              }
            }
          }
        ]
      }
    ]
  }
}
