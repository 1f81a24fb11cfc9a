import Domain
import ModelGraph

extension SquaredDeviations: Runnable, Kernel {
  func run(_ operands: [Value], _ batch: Batch) throws(Problem) -> Value {
    let matrix = operands[0].matrix
    let columns = matrix.columns
    let (x, middle, spread) = (matrix.elements.span, centers.elements.span, variances.elements.span)
    var result = Matrix(rows: matrix.rows, columns: centers.rows)
    var terms = [Double](repeating: 0, count: columns)
    for row in 0..<matrix.rows {
      for center in 0..<centers.rows {
        for column in 0..<columns {
          let deviation = x[row * columns + column] - middle[center * columns + column]
          terms[column] = deviation * deviation / spread[center * columns + column]
        }
        result.elements[row * centers.rows + center] = PairwiseSum.of(terms.span)
      }
    }
    return .numbers(result)
  }
}

extension CategoryScores: Runnable, Kernel {
  func run(_ operands: [Value], _ batch: Batch) throws(Problem) -> Value {
    let matrix = operands[0].matrix
    let outputs = scores.columns
    var result = Matrix(rows: matrix.rows, columns: outputs)
    for row in 0..<matrix.rows {
      for column in 0..<matrix.columns {
        let count = Int(starts[column + 1] - starts[column])
        let element = matrix.elements[row * matrix.columns + column]
        guard let category = Int(exactly: element.rounded(.towardZero)), category >= 0, category < count
        else { throw unknownCategory(row: row, column: column, count: count, batch) }
        let start = (Int(starts[column]) + category) * outputs
        for output in 0..<outputs {
          result.elements[row * outputs + output] += scores.elements[start + output]
        }
      }
    }
    return .numbers(result)
  }

  private func unknownCategory(row: Int, column: Int, count: Int, _ batch: Batch) -> Problem {
    let row = row + batch.firstRow
    return Problem(
      .badInput, "predict.unknown-category",
      "expected the number of a category, from 0 to \(count - 1), for \(batch.origin), found another in"
        + " row \(row), column \(column)",
      position: "row \(row), column \(column)", hint: "send only categories that the model was trained on")
  }
}

extension Interpolation: Runnable, Kernel {
  func run(_ operands: consuming [Value], _ batch: Batch) throws(Problem) -> Value {
    var matrix = operands.takeMatrix(0)
    for row in matrix.elements.indices {
      let x = matrix.elements[row]
      if x < points[0] || x > points[points.count - 1] {
        switch outside {
        case .clip: break
        case .missing:
          matrix.elements[row] = .nan
          continue
        case .refuse: throw Self.outOfBounds(row: row, batch)
        }
      }
      matrix.elements[row] = value(at: x)
    }
    return .numbers(matrix)
  }

  /// The value on the line that x is on; ends stand for what is beyond them, and NaN stays.
  ///
  /// The steps, and what they do about infinite slopes, are those of `arr_interp` in NumPy's `compiled_base.c`.
  private func value(at x: Double) -> Double {
    guard !x.isNaN else { return x }
    let last = points.count - 1
    // The last point that is not above x.
    var (low, high) = (-1, points.count)
    while high - low > 1 {
      let middle = (low + high) / 2
      if points[middle] <= x { low = middle } else { high = middle }
    }
    guard low >= 0 else { return values[0] }
    guard low < last, points[low] != x else { return values[low] }
    let slope = (values[low + 1] - values[low]) / (points[low + 1] - points[low])
    let fromLeft = slope * (x - points[low]) + values[low]
    guard fromLeft.isNaN else { return fromLeft }
    let fromRight = slope * (x - points[low + 1]) + values[low + 1]
    return fromRight.isNaN && values[low] == values[low + 1] ? values[low] : fromRight
  }

  /// A refusal of a number outside the points.
  static func outOfBounds(row: Int, _ batch: Batch) -> Problem {
    let row = row + batch.firstRow
    return Problem(
      .badInput, "predict.out-of-bounds",
      "expected a number between those that \(batch.origin) was trained on, found another in row \(row)",
      position: "row \(row)", hint: "fit it with out_of_bounds='clip'")
  }
}
