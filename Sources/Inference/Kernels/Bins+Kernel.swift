import Domain
import ModelGraph

extension Bins: Runnable, Kernel {
  func run(_ operands: [Value], _ batch: Batch) throws(Problem) -> Value {
    let matrix = operands[0].matrix
    let outputs = oneHot ? edges.count + matrix.columns : matrix.columns
    var result = Matrix(rows: matrix.rows, columns: outputs)
    for row in 0..<matrix.rows {
      for column in 0..<matrix.columns {
        let bin = bin(of: matrix.elements[row * matrix.columns + column], in: column)
        if oneHot {
          // Each column before has a bin more than it has edges.
          result.elements[row * outputs + Int(starts[column]) + column + bin] = 1
        } else {
          result.elements[row * outputs + column] = Double(bin)
        }
      }
    }
    return .numbers(result)
  }

  /// How many edges of the column are not above the number.
  private func bin(of element: Double, in column: Int) -> Int {
    let x = nudges ? element + (1e-8 + 1e-5 * abs(element)) : element
    let (start, end) = (Int(starts[column]), Int(starts[column + 1]))
    var (low, high) = (start, end)
    while low < high {
      let middle = (low + high) / 2
      if edges[middle] <= x || x.isNaN { low = middle + 1 } else { high = middle }
    }
    return low - start
  }
}

extension Products: Runnable, Kernel {
  func run(_ operands: [Value], _ batch: Batch) throws(Problem) -> Value {
    let matrix = operands[0].matrix
    let outputs = bases.count - hidden
    var result = [Double]()
    result.reserveCapacity(matrix.rows * outputs)
    var terms = [Double](repeating: 1, count: bases.count)
    for start in stride(from: 0, to: matrix.elements.count, by: matrix.columns) {
      for term in bases.indices where features[term] >= 0 {
        let x = matrix.elements[start + Int(features[term])]
        terms[term] = bases[term] < 0 ? x : terms[Int(bases[term])] * x
      }
      result += terms[hidden...]
    }
    return .numbers(Matrix(elements: result, rows: matrix.rows, columns: outputs))
  }
}

extension FillTexts: Runnable, Kernel {
  func run(_ operands: [Value], _ batch: Batch) throws(Problem) -> Value {
    var matrix = operands[0].texts
    for index in matrix.elements.indices {
      let text = matrix.elements[index]
      if text == nil || (missing != nil && text == missing) {
        matrix.elements[index] = texts[index % matrix.columns]
      }
    }
    return .texts(matrix)
  }
}

extension MissingTexts: Runnable, Kernel {
  func run(_ operands: [Value], _ batch: Batch) throws(Problem) -> Value {
    let texts = operands[0].texts
    let missing = missing
    return .numbers(
      Matrix(
        elements: texts.elements.map { $0 == nil || (missing != nil && $0 == missing) ? 1 : 0 },
        rows: texts.rows, columns: texts.columns))
  }
}
