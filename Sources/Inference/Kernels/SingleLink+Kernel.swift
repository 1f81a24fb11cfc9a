import Domain
// The mathematical functions alone: no files, sockets or clocks come with a scoped import.
#if canImport(Glibc)
  import func Glibc.expf
#elseif canImport(Musl)
  import func Musl.expf
#else
  import func Darwin.expf
#endif
import ModelGraph

extension MarkMissing: Runnable, Kernel {
  func run(_ operands: consuming [Value], _ batch: Batch) throws(Problem) -> Value {
    var matrix = operands.takeMatrix(0)
    for index in matrix.elements.indices {
      let element = matrix.elements[index]
      if element >= lowest, element <= highest { matrix.elements[index] = .nan }
    }
    return .numbers(matrix)
  }
}

extension SingleLink: Runnable, Kernel {
  func run(_ operands: consuming [Value], _ batch: Batch) throws(Problem) -> Value {
    var matrix = operands.takeMatrix(0)
    func map(_ compute: (Float) -> Float) {
      for index in matrix.elements.indices {
        matrix.elements[index] = Double(compute(Float(matrix.elements[index])))
      }
    }
    switch function {
    case .exp: map { expf($0) }
    case .logistic: map { 1 / (1 + expf(-$0)) }
    case .boundedLogistic: map { 1 / (expf(min(-$0, 88.7)) + 1) }
    case .softmax: Self.softmax(&matrix)
    }
    return .numbers(matrix)
  }

  private static func softmax(_ matrix: inout Matrix) {
    var exponentials = [Float](repeating: 0, count: matrix.columns)
    for start in stride(from: 0, to: matrix.elements.count, by: matrix.columns) {
      var greatest = Float(matrix.elements[start])
      for column in 1..<max(1, matrix.columns) {
        greatest = max(greatest, Float(matrix.elements[start + column]))
      }
      var sum = 0.0
      for column in 0..<matrix.columns {
        exponentials[column] = expf(Float(matrix.elements[start + column]) - greatest)
        sum += Double(exponentials[column])
      }
      let divisor = Float(sum)
      for column in 0..<matrix.columns {
        matrix.elements[start + column] = Double(exponentials[column] / divisor)
      }
    }
  }
}

extension SingleLinear: Runnable, Kernel {
  func run(_ operands: [Value], _ batch: Batch) throws(Problem) -> Value {
    let matrix = operands[0].matrix
    let outputs = bias.count
    let bias = bias.map { Float($0) }
    let weights = weights.elements.map { Float($0) }
    var result = Matrix(rows: matrix.rows, columns: outputs)
    for row in 0..<matrix.rows {
      for output in 0..<outputs {
        var sum = bias[output]
        for column in 0..<matrix.columns {
          let element = Float(matrix.elements[row * matrix.columns + column])
          // Two roundings: XGBoost multiplies and adds one after the other.
          if !element.isNaN { sum += element * weights[column * outputs + output] }
        }
        result.elements[row * outputs + output] = Double(sum)
      }
    }
    return .numbers(result)
  }
}

extension LinearLeaves: Runnable, Kernel {
  func run(_ operands: [Value], _ batch: Batch) throws(Problem) -> Value {
    let rows = operands[0].matrix
    let leaves = operands[1].matrix
    var result = Matrix(rows: rows.rows, columns: outputs)
    for row in 0..<rows.rows {
      let first = row * rows.columns
      for tree in 0..<leaves.columns {
        let number = leaves.elements[row * leaves.columns + tree]
        let start = Int(leafStarts[tree])
        let count = Int(leafStarts[tree + 1]) - start
        // What gives the numbers is another operator, which might give any.
        let value =
          number >= 0 && number < Double(count)
          ? answer(of: start + Int(number), rows.elements, from: first) : Double.nan
        result.elements[row * outputs + Int(targets[tree])] += value
      }
    }
    return .numbers(result)
  }

  private func answer(of leaf: Int, _ features: [Double], from first: Int) -> Double {
    var sum = constants[leaf]
    for term in Int(termStarts[leaf])..<Int(termStarts[leaf + 1]) {
      let element = features[first + Int(self.features[term])]
      guard !element.isNaN else { return values[leaf] }
      sum += coefficients[term] * element
    }
    return sum
  }
}
