import Domain
import ModelGraph

extension CategoryBytes: Runnable, Kernel {
  func run(_ operands: consuming [Value], _ batch: Batch) throws(Problem) -> Value {
    var matrix = operands.takeMatrix(0)
    for start in stride(from: 0, to: matrix.elements.count, by: matrix.columns) {
      for column in columns {
        let place = start + Int(column)
        matrix.elements[place] = byte(of: matrix.elements[place])
      }
    }
    return .numbers(matrix)
  }

  private func byte(of element: Double) -> Double {
    if element.isNaN || (negativesAreMissing && element < 0) { return .nan }
    guard let whole = Int32(exactly: element.rounded(.towardZero)) else { return 0 }
    return Double(whole & 0xFF)
  }
}
