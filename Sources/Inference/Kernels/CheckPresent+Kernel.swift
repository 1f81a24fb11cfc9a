import Domain
import ModelGraph

extension CheckPresent: Runnable, Kernel {
  func run(_ operands: consuming [Value], _ batch: Batch) throws(Problem) -> Value {
    let matrix = operands.takeMatrix(0)
    for row in 0..<matrix.rows {
      for column in columns.lazy.map({ Int($0) }) where matrix.elements[row * matrix.columns + column] != 0 {
        let row = row + batch.firstRow
        let name = batch.numberNames.flatMap { $0.count == matrix.columns ? " '\($0[column])'" : nil } ?? ""
        throw Problem(
          .badInput, "predict.newly-missing",
          "expected a value for \(batch.origin) where none was missing in training, found none in row \(row),"
            + " column \(column)\(name)", position: "row \(row), column \(column)",
          hint: "rows and columns count from 0; fit it with error_on_new=False")
      }
    }
    return .numbers(matrix)
  }
}
