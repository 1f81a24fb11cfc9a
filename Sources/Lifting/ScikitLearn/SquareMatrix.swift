/// A small square matrix, row by row, of what a lift computes with before there is a graph.
struct SquareMatrix {
  private(set) var elements: [Double]
  let order: Int

  /// Takes `order` times `order` elements; nil where there are others.
  init?(_ elements: [Double], order: Int) {
    let (count, overflow) = order.multipliedReportingOverflow(by: order)
    guard order > 0, !overflow, elements.count == count else { return nil }
    self.elements = elements
    self.order = order
  }

  /// Rows as columns.
  var transposed: SquareMatrix {
    var matrix = self
    for row in 0..<order {
      for column in 0..<order { matrix.elements[row * order + column] = elements[column * order + row] }
    }
    return matrix
  }

  /// The inverse by elimination with the greatest pivot of each column; nil where there is none.
  var inverse: SquareMatrix? {
    var left = elements
    var right = [Double](repeating: 0, count: elements.count)
    for row in 0..<order { right[row * order + row] = 1 }
    for step in 0..<order {
      var pivot = step
      for row in step..<order where abs(left[row * order + step]) > abs(left[pivot * order + step]) {
        pivot = row
      }
      let value = left[pivot * order + step]
      guard value != 0, value.isFinite else { return nil }
      for column in 0..<order where pivot != step {
        left.swapAt(pivot * order + column, step * order + column)
        right.swapAt(pivot * order + column, step * order + column)
      }
      for column in 0..<order {
        left[step * order + column] /= value
        right[step * order + column] /= value
      }
      for row in 0..<order where row != step {
        let factor = left[row * order + step]
        guard factor != 0 else { continue }
        for column in 0..<order {
          left[row * order + column] -= factor * left[step * order + column]
          right[row * order + column] -= factor * right[step * order + column]
        }
      }
    }
    return SquareMatrix(right, order: order)
  }
}
