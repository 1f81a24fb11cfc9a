import Artifacts

extension ScikitLearnStructure {
  /// The classes whose rows, or columns, are ranges of an array of column, or row, numbers.
  static let compressedMatrices: Set<String> = ["csr_matrix", "csc_matrix", "csr_array", "csc_array"]

  /// Checks a compressed sparse matrix of SciPy, whose products follow the numbers without a check.
  mutating func checkSparse(_ id: ValueID, _ object: PickleObject) {
    let attributes = values.attributes(of: object)
    guard let axes = values.elements(attributes["_shape"])?.compactMap({ values.integer($0) }),
      let starts = values.array(attributes["indptr"]), let indices = values.array(attributes["indices"]),
      let data = values.array(attributes["data"]), (1...2).contains(axes.count),
      spend(starts.count + indices.count, at: id), let bounds = starts.items?.integers(),
      let numbers = indices.items?.integers()
    else { return }
    let name = object.type.name
    // An array of one axis is one row.
    let (rows, columns) = axes.count == 1 ? (1, axes[0]) : (axes[0], axes[1])
    let (major, minor) = name.hasPrefix("csr") ? (rows, columns) : (columns, rows)
    let isAscending = zip(bounds, bounds.dropFirst()).allSatisfy { $0 <= $1 }
    guard major >= 0, Int64(bounds.count) - 1 == major, bounds.first == 0, isAscending,
      let end = bounds.last, end <= Int64(min(numbers.count, data.count))
    else {
      return report(
        .indexStructure,
        "expected the indptr of a \(name) to ascend from 0 to at most \(min(numbers.count, data.count)) in"
          + " \(major) steps, found another", at: id)
    }
    // What is behind the last range belongs to no row.
    if let outside = numbers.prefix(Int(clamping: end)).first(where: { $0 < 0 || $0 >= minor }) {
      report(
        .indexStructure, "expected indices from 0 to below \(minor) in a \(name), found \(outside)", at: id)
    }
  }
}
