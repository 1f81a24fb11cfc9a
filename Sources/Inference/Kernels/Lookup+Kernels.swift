import Domain
import ModelGraph

extension LookupTexts: Runnable {
  func kernel(_ operands: [ValueType]) -> any Kernel {
    LookupTextsKernel(
      table: table,
      places: (0..<table.names.count).map { column in
        Dictionary(
          uniqueKeysWithValues: table.range(of: column).map {
            (ExactText(text: categories[$0]), table.values[$0])
          })
      })
  }
}

private struct LookupTextsKernel: Kernel {
  let table: CategoryTable
  let places: [[ExactText: Double]]

  func run(_ operands: [Value], _ batch: Batch) throws(Problem) -> Value {
    let texts = operands[0].texts
    var result = Matrix(rows: texts.rows, columns: texts.columns)
    for row in 0..<texts.rows {
      for column in 0..<texts.columns {
        let place = row * texts.columns + column
        if let text = texts.elements[place] {
          if let value = places[column][ExactText(text: text)] {
            result.elements[place] = value
          } else {
            result.elements[place] = try table.unknown(column, row, batch)
          }
        } else {
          result.elements[place] = try table.missing(column, row, batch)
        }
      }
    }
    return .numbers(result)
  }
}

extension LookupNumbers: Runnable, Kernel {
  func run(_ operands: consuming [Value], _ batch: Batch) throws(Problem) -> Value {
    var matrix = operands.takeMatrix(0)
    let ranges = (0..<matrix.columns).map { table.range(of: $0) }
    for row in 0..<matrix.rows {
      for column in 0..<matrix.columns {
        let place = row * matrix.columns + column
        let element = matrix.elements[place]
        if element.isNaN {
          matrix.elements[place] = try table.missing(column, row, batch)
        } else if let index = index(of: element, in: ranges[column]) {
          matrix.elements[place] = table.values[index]
        } else {
          matrix.elements[place] = try table.unknown(column, row, batch)
        }
      }
    }
    return .numbers(matrix)
  }

  /// Where an ascending range has the number.
  private func index(of element: Double, in range: Range<Int>) -> Int? {
    var (low, high) = (range.lowerBound, range.upperBound)
    while low < high {
      let middle = low + (high - low) / 2
      if categories[middle] < element { low = middle + 1 } else { high = middle }
    }
    return low < range.upperBound && categories[low] == element ? low : nil
  }
}

extension CategoryTable {
  /// What a missing value becomes; one that is no category counts as unknown.
  fileprivate func missing(_ column: Int, _ row: Int, _ batch: Batch) throws(Problem) -> Double {
    if takesMissing[column] { return missing[column] }
    if takesUnknown[column] { return unknown[column] }
    throw refusal(column, row, batch, found: "a missing value")
  }

  /// What a value becomes that is no category.
  fileprivate func unknown(_ column: Int, _ row: Int, _ batch: Batch) throws(Problem) -> Double {
    guard takesUnknown[column] else { throw refusal(column, row, batch, found: "another value") }
    return unknown[column]
  }

  private func refusal(_ column: Int, _ row: Int, _ batch: Batch, found: String) -> Problem {
    Problem(
      .badInput, "predict.unknown-category",
      "expected a category that \(batch.origin) was fitted on in column '\(names[column].prefix(80))', found"
        + " \(found) in row \(row + batch.firstRow)",
      position: "row \(row + batch.firstRow), column '\(names[column].prefix(80))'",
      hint: "rows count from 0; send one of the categories the model was trained with")
  }
}

extension OneHot: Runnable, Kernel {
  /// The greatest number of columns that is written out with its zeros.
  private static let mostDense = 64

  func run(_ operands: [Value], _ batch: Batch) throws(Problem) -> Value {
    let matrix = operands[0].matrix
    let columns = sizes.reduce(0) { $0 + Int($1) }
    if columns <= Self.mostDense {
      var result = Matrix(rows: matrix.rows, columns: columns)
      for row in 0..<matrix.rows {
        var base = row * columns
        for column in 0..<matrix.columns {
          if let place = place(matrix.elements[row * matrix.columns + column], column) {
            result.elements[base + place] = 1
          }
          base += Int(sizes[column])
        }
      }
      return .numbers(result)
    }
    var result = SparseMatrix(starts: [0], columnIndices: [], elements: [], columns: columns)
    result.starts.reserveCapacity(matrix.rows + 1)
    result.columnIndices.reserveCapacity(matrix.elements.count)
    result.elements.reserveCapacity(matrix.elements.count)
    for row in 0..<matrix.rows {
      var base = 0
      for column in 0..<matrix.columns {
        if let place = place(matrix.elements[row * matrix.columns + column], column) {
          result.columnIndices.append(Int32(base + place))
          result.elements.append(1)
        }
        base += Int(sizes[column])
      }
      result.starts.append(result.elements.count)
    }
    return .sparse(result)
  }

  private func place(_ element: Double, _ column: Int) -> Int? {
    guard let place = Int(exactly: element), 0..<Int(sizes[column]) ~= place else { return nil }
    return place
  }
}

extension Reindex: Runnable, Kernel {
  func run(_ operands: [Value], _ batch: Batch) throws(Problem) -> Value {
    .indices(operands[0].indices.map { Int(indices[$0]) })
  }
}
