import Domain
import ModelGraph

extension Mirror: Runnable, Kernel {
  func run(_ operands: [Value], _ batch: Batch) throws(Problem) -> Value {
    .numbers(operands[0].matrix.paired { (-$0, $0) })
  }
}

extension Complement: Runnable, Kernel {
  func run(_ operands: [Value], _ batch: Batch) throws(Problem) -> Value {
    .numbers(operands[0].matrix.paired { (1 - $0, $0) })
  }
}

extension Matrix {
  /// Two columns made of one.
  fileprivate func paired(_ pair: (Double) -> (Double, Double)) -> Matrix {
    var result: [Double] = []
    result.reserveCapacity(rows * 2)
    for element in elements {
      let (first, second) = pair(element)
      result.append(first)
      result.append(second)
    }
    return Matrix(elements: result, rows: rows, columns: 2)
  }
}

extension ArgMax: Runnable, Kernel {
  func run(_ operands: [Value], _ batch: Batch) throws(Problem) -> Value {
    let matrix = operands[0].matrix
    let elements = matrix.elements.span
    var result: [Int] = []
    result.reserveCapacity(matrix.rows)
    for start in stride(from: 0, to: elements.count, by: matrix.columns) {
      var best = start
      for index in (start + 1)..<(start + matrix.columns) where !(elements[index] <= elements[best]) {
        // Not less or equal: greater, or one of the two is NaN.
        if elements[best].isNaN { break }
        best = index
      }
      result.append(best - start)
    }
    return .indices(result)
  }
}

extension Positive: Runnable, Kernel {
  func run(_ operands: [Value], _ batch: Batch) throws(Problem) -> Value {
    let (threshold, includesThreshold) = (threshold, includesThreshold)
    return .indices(
      operands[0].matrix.elements.map { element in
        element > threshold || (includesThreshold && element == threshold) ? 1 : 0
      })
  }
}

extension Pick: Runnable, Kernel {
  func run(_ operands: [Value], _ batch: Batch) throws(Problem) -> Value {
    let indices = operands[0].indices
    return .numbers(Matrix(elements: indices.map { numbers[$0] }, rows: indices.count, columns: 1))
  }
}

extension Label: Runnable, Kernel {
  func run(_ operands: [Value], _ batch: Batch) throws(Problem) -> Value {
    .labels(labels.elements.picking(operands[0].indices), columns: 1)
  }
}

extension Tensor.Elements {
  /// The elements at these places.
  fileprivate func picking(_ indices: [Int]) -> Tensor.Elements {
    switch self {
    case .bool(let elements): .bool(indices.map { elements[$0] })
    case .int32(let elements): .int32(indices.map { elements[$0] })
    case .int64(let elements): .int64(indices.map { elements[$0] })
    case .float32(let elements): .float32(indices.map { elements[$0] })
    case .float64(let elements): .float64(indices.map { elements[$0] })
    case .string(let elements): .string(indices.map { elements[$0] })
    }
  }
}
