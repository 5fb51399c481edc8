// Where the graph's operators and lines are. The layers come laid out; here they
// are folded into columns that fit the window.

const cell = {
  width: 132,
  height: 26,
  pitchX: 146,
  pitchY: 40,
  gap: 60,
  head: 46,
  foot: 26
};

//===--------------------------------------------------------------------===//
// Columns
//===--------------------------------------------------------------------===//

// The leftmost and rightmost point of each layer, and how many lines go from
// each layer to the next.
function measureLayers() {
  const layers =
      Array.from({length: data.layers}, () => ({low: Infinity, high: -Infinity, cut: 0}));
  const widen = (layer, x, half) => {
    layer.low = Math.min(layer.low, x - half);
    layer.high = Math.max(layer.high, x + half);
  };
  for (const op of operators) widen(layers[op.layer], op.x, 0.5);
  for (const [from, to, ...bends] of data.edges) {
    bends.forEach((x, i) => widen(layers[operators[from].layer + 1 + i], x, 0.1));
    if (bends.length || operators[to].layer === operators[from].layer + 1)
      for (let i = operators[from].layer; i < operators[to].layer; ++i) ++layers[i].cut;
  }
  return layers;
}

// Splits the layers into `count` columns of about equal height, each ending
// where few lines go on.
function split(layers, count) {
  const columns = [];
  const slack = Math.floor((0.18 * layers.length) / count);
  let begin = 0;
  for (let i = 1; i <= count; ++i) {
    const ideal = Math.round((layers.length * i) / count);
    let end = ideal;
    if (i < count)
      for (let j = Math.max(begin + 1, ideal - slack); j <= ideal + slack && j < layers.length; ++j)
        if (layers[j - 1].cut < layers[end - 1].cut ||
            (layers[j - 1].cut === layers[end - 1].cut &&
             Math.abs(j - ideal) < Math.abs(end - ideal)))
          end = j;
    if (end <= begin) continue;
    let low = Infinity;
    let high = -Infinity;
    for (let j = begin; j < end; ++j) {
      low = Math.min(low, layers[j].low);
      high = Math.max(high, layers[j].high);
    }
    columns.push({begin, end, low, high});
    begin = end;
  }
  let x = cell.gap / 2;
  for (const column of columns) {
    column.left = x;
    column.right = x + (column.high - column.low) * cell.pitchX;
    column.bottom = cell.head + (column.end - column.begin) * cell.pitchY;
    x = column.right + cell.gap;
  }
  return {
    columns,
    width: x - cell.gap / 2,
    height: Math.max(0, ...columns.map((column) => column.bottom)) + cell.foot
  };
}

// The split that can be drawn largest in a window of this width by its height.
function fold(aspect) {
  const layers = measureLayers();
  let best = null;
  for (let count = 1; count <= Math.min(layers.length, 80); ++count) {
    const candidate = split(layers, count);
    candidate.size = Math.min(aspect / candidate.width, 1 / candidate.height);
    if (!best || candidate.size > best.size) best = candidate;
  }
  return best ?? {columns: [], width: 1, height: 1};
}

//===--------------------------------------------------------------------===//
// Lines
//===--------------------------------------------------------------------===//

class Drawing {
  constructor(aspect) {
    Object.assign(this, fold(aspect));
    this.columnOf = [];
    this.columns.forEach((column, i) => {
      for (let layer = column.begin; layer < column.end; ++layer) this.columnOf[layer] = i;
    });
    this.lines = data.edges.map((edge) => this.route(edge));
  }

  // Where a point of a layer is: its centre.
  locate(layer, x) {
    const number = this.columnOf[layer];
    const column = this.columns[number];
    return {
      number,
      x: Math.round(column.left + (x - column.low) * cell.pitchX),
      y: cell.head + (layer - column.begin) * cell.pitchY + cell.pitchY / 2
    };
  }

  route([from, to, ...bends]) {
    const source = operators[from];
    const points = [source.x, ...bends].map((x, i) => this.locate(source.layer + i, x));
    points.push(this.locate(operators[to].layer, operators[to].x));
    const half = cell.height / 2;
    const isFar = !bends.length && operators[to].layer !== source.layer + 1;
    // Lines end at the edges of nodes, and go through the middle of layers.
    const last = points.length - 1;
    let path = `M${points[0].x} ${points[0].y + half}`;
    for (let i = 1; i <= last; ++i) {
      const a = points[i - 1];
      const b = points[i];
      if (isFar || a.number !== b.number) {
        path += this.bus(a, b, isFar) + (i < last ? `V${b.y}` : "");
        continue;
      }
      const start = i === 1 ? a.y + half : a.y;
      const end = i === last ? b.y - half : b.y;
      const middle = (start + end) / 2;
      path += a.x === b.x ? `V${end}` : `C${a.x} ${middle} ${b.x} ${middle} ${b.x} ${end}`;
    }
    return {path, isFar};
  }

  // Around the nodes: between the columns and above them.
  bus(a, b, isFar) {
    const half = cell.height / 2;
    const top = cell.head - 6;
    const entry = b.y - half - 7;
    const side = this.columns[a.number].right + cell.gap / 2 - 8;
    const other = b.number === a.number || b.number === a.number + 1 ?
        side :
        this.columns[b.number].left - cell.gap / 2 + 8;
    const below = isFar ? a.y + half + 6 : this.columns[a.number].bottom + 6;
    const path = [[a.x, below], [side, below]];
    if (other !== side) path.push([side, top - 12], [other, top - 12]);
    path.push([other, entry], [b.x, entry]);
    return path.map(([x, y], i) => (i % 2 ? `H${x}` : `V${y}`)).join("") + `V${b.y - half}`;
  }
}
