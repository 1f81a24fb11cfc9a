import Domain
import ModelGraph

extension PickRows: Runnable, Kernel {
  func run(_ operands: [Value], _ batch: Batch) throws(Problem) -> Value {
    let indices = operands[0].indices
    let columns = table.columns
    var result: [Double] = []
    result.reserveCapacity(indices.count * columns)
    for index in indices { result += table.elements[(index * columns)..<((index + 1) * columns)] }
    return .numbers(Matrix(elements: result, rows: indices.count, columns: columns))
  }
}

extension AddValues: Runnable, Kernel {
  func run(_ operands: [Value], _ batch: Batch) throws(Problem) -> Value {
    var sum = operands[0].matrix
    // Adding to 0 turns −0 into 0.
    for index in sum.elements.indices { sum.elements[index] += 0 }
    for operand in operands.dropFirst() {
      let matrix = operand.matrix
      for index in sum.elements.indices { sum.elements[index] += matrix.elements[index] }
    }
    return .numbers(sum)
  }
}

extension WeightedMedian: Runnable, Kernel {
  func run(_ operands: [Value], _ batch: Batch) throws(Problem) -> Value {
    let matrix = operands[0].matrix
    var result: [Double] = []
    result.reserveCapacity(matrix.rows)
    var order = Array(0..<matrix.columns)
    var sums = [Double](repeating: 0, count: matrix.columns)
    for start in stride(from: 0, to: matrix.elements.count, by: matrix.columns) {
      // NaN last, as NumPy sorts; equal elements in the order of the columns.
      order.sort { left, right in
        let (x, y) = (matrix.elements[start + left], matrix.elements[start + right])
        return x < y || (y.isNaN && !x.isNaN) || (!(y < x) && x.isNaN == y.isNaN && left < right)
      }
      var sum = 0.0
      for (place, column) in order.enumerated() {
        sum += weights[column]
        sums[place] = sum
      }
      // The last sum reaches half of itself, so there is one that does.
      let place = sums.firstIndex { $0 >= 0.5 * sum } ?? 0
      result.append(matrix.elements[start + order[place]])
    }
    return .numbers(Matrix(elements: result, rows: matrix.rows, columns: 1))
  }
}
