// A chart of the table beside it: ECharts, only the parts that are used.
//
// <x-island src css class="chart" data-table="ID of the table" data-kind="bar|line|pie" data-others="Others"></x-island>
// The table is the accessible version, the one for paper and for browsers without scripts: the chart only repeats it. Cells carry
// data-value, heads data-name and data-unit. Colours are read from the tokens when the chart is drawn.
import * as echarts from 'echarts/core';
import { BarChart, LineChart, PieChart } from 'echarts/charts';
import { GridComponent, LegendComponent, TooltipComponent } from 'echarts/components';
import { CanvasRenderer } from 'echarts/renderers';
import { all } from '../dom.js';
import './chart.css';

echarts.use([BarChart, LineChart, PieChart, GridComponent, LegendComponent, TooltipComponent, CanvasRenderer]);

// As many as there are colours; what is less in a pie becomes one slice.
const COLOURS = ['--c1', '--c2', '--c3', '--c4', '--c5'];

function escaped(text) {
  return String(text).replace(/[&<>"]/g, (letter) => `&#${letter.charCodeAt(0)};`);
}

function readTable(table) {
  const heads = all('thead th[data-name]', table).map((head) => ({ name: head.dataset.name, unit: head.dataset.unit }));
  const rows = all('tbody tr', table).map((row) => ({
    label: row.querySelector('th').textContent.trim(),
    values: all('[data-value]', row).map((cell) => (cell.dataset.value === '' ? null : Number(cell.dataset.value))),
  }));
  return { heads, rows };
}

/** Classes only: what ECharts itself writes into a tooltip has style attributes, which our policy blocks. */
function tooltip(title, lines) {
  const items = lines.map(([colour, name, value]) => `<span><i class="dot dot-${colour}"></i>${escaped(name)}<b>${escaped(value)}</b></span>`);
  return `<div class="chart-tip"><b>${escaped(title)}</b>${items.join('')}</div>`;
}

function basics(token) {
  return {
    color: [...COLOURS, '--ink-3'].map(token),
    textStyle: { fontFamily: token('--font') },
    animationDuration: window.matchMedia('(prefers-reduced-motion: reduce)').matches ? 0 : 300,
  };
}

function legend(token, more) {
  return { itemWidth: 12, itemHeight: 8, textStyle: { color: token('--ink-2') }, ...more };
}

function pieOption({ heads, rows }, token, others) {
  const kept = rows.slice(0, COLOURS.length).map((row) => ({ name: row.label, value: row.values[0] }));
  const rest = rows.slice(COLOURS.length).reduce((sum, row) => sum + row.values[0], 0);
  const data = rest ? [...kept, { name: others, value: rest }] : kept;
  return {
    ...basics(token),
    legend: legend(token, { bottom: 0 }),
    tooltip: {
      trigger: 'item',
      formatter: (part) => tooltip(part.name, [[part.dataIndex + 1, heads[0].name, `${part.value} ${heads[0].unit} · ${part.percent}%`]]),
    },
    series: [{
      type: 'pie',
      radius: ['52%', '76%'],
      center: ['50%', '44%'],
      label: { show: false },
      itemStyle: { borderWidth: 2, borderColor: token('--card') },
      data,
    }],
  };
}

/** Measures in different units get an axis each, the second at the right. */
function axisOption({ heads, rows }, token, kind) {
  const units = [...new Set(heads.map((head) => head.unit))].slice(0, 2);
  const line = token('--line');
  return {
    ...basics(token),
    legend: legend(token, { top: 0, right: 0 }),
    grid: { left: 4, right: 8, top: 44, bottom: 0, containLabel: true },
    xAxis: {
      type: 'category',
      data: rows.map((row) => row.label),
      axisTick: { show: false },
      axisLine: { lineStyle: { color: line } },
      axisLabel: { color: token('--ink-2') },
    },
    yAxis: units.map((unit, index) => ({
      type: 'value',
      name: unit,
      nameTextStyle: { color: token('--ink-3'), align: index ? 'right' : 'left' },
      minInterval: 1,
      splitLine: index ? { show: false } : { lineStyle: { color: line } },
      axisLabel: { color: token('--ink-2') },
    })),
    tooltip: {
      trigger: 'axis',
      axisPointer: { lineStyle: { color: token('--line-2') } },
      formatter: (parts) => tooltip(parts[0].axisValueLabel, parts.map((part) => [
        part.seriesIndex + 1, part.seriesName, part.value === null ? '–' : `${part.value} ${heads[part.seriesIndex].unit}`,
      ])),
    },
    series: heads.map((head, index) => ({
      name: head.name,
      type: kind,
      yAxisIndex: Math.max(units.indexOf(head.unit), 0),
      barMaxWidth: 18,
      smooth: true,
      itemStyle: kind === 'bar' ? { borderRadius: [4, 4, 0, 0] } : {},
      data: rows.map((row) => row.values[index]),
    })),
  };
}

export function mount(element) {
  const table = document.getElementById(element.dataset.table);
  const token = (name) => getComputedStyle(element).getPropertyValue(name).trim();
  const read = readTable(table);
  const box = document.createElement('div');
  box.className = 'chart-box';
  box.setAttribute('aria-hidden', 'true'); // the table says the same
  element.append(box);
  const chart = echarts.init(box);
  const draw = () => chart.setOption(element.dataset.kind === 'pie'
    ? pieOption(read, token, element.dataset.others)
    : axisOption(read, token, element.dataset.kind), true);
  draw();
  const scheme = window.matchMedia('(prefers-color-scheme: dark)');
  const resized = new ResizeObserver(() => chart.resize());
  resized.observe(box);
  scheme.addEventListener('change', draw);
  return () => {
    resized.disconnect();
    scheme.removeEventListener('change', draw);
    chart.dispose();
  };
}
