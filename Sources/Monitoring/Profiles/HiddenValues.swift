import Domain

/// What is kept of the values of a masked column: how many there were, and how far all of them together were from training.
public struct HiddenValues: Sendable, Equatable {
  /// Of fewer values no distance is kept: that of one says where it lies.
  public static let leastMeasured = 100

  /// How many values there were.
  public internal(set) var count = 0
  /// How many of them were of categories that training did not have.
  public internal(set) var strange = 0
  /// Of how many of them it is known how far they were from training.
  public internal(set) var measured = 0
  /// How far those were on average over windows, between bins or categories: at least as far as all of them together.
  public internal(set) var distance = 0.0

  mutating func merge(_ other: HiddenValues) {
    count += other.count
    strange += other.strange
    guard other.measured > 0 else { return }
    let share = Double(other.measured) / Double(measured + other.measured)
    distance = min(1, max(0, distance + (other.distance - distance) * share))
    measured += other.measured
  }

  /// Takes up so many values that are hidden from now on.
  mutating func take(_ count: Int, strange: Int, distance: Double?) {
    guard count > 0 else { return }
    var more = HiddenValues()
    (more.count, more.strange) = (count, strange)
    if let distance, count >= Self.leastMeasured { (more.measured, more.distance) = (count, distance) }
    merge(more)
  }
}

extension HiddenValues {
  func write(to writer: inout SketchWriter) {
    for count in [count, strange, measured] { writer.write(count: count) }
    writer.write(distance)
  }

  init(from reader: inout SketchReader, rows: Int) throws(Problem) {
    count = try reader.count(upTo: rows, "values of a masked column")
    strange = try reader.count(upTo: count, "new categories of a masked column")
    measured = try reader.count(upTo: count, "measured values of a masked column")
    distance = try reader.finite("a distance")
    guard distance.sign == .plus, distance <= (measured > 0 ? 1 : 0) else {
      throw reader.malformed("a distance from 0 to 1 of values that were measured", found: "\(distance)")
    }
  }
}

extension ModelProfile {
  /// Whether it has values of masked columns.
  public func shows(_ mask: ColumnMask) -> Bool {
    guard !mask.isEmpty else { return false }
    return !shownNumbers(mask).isEmpty || !shownCategories(mask).isEmpty
  }

  private func shownNumbers(_ mask: ColumnMask) -> [Int] {
    numbers.indices.filter {
      numbers[$0].moments.count > 0 && mask.hides(shape.columns[shape.numberColumns[$0]])
    }
  }

  private func shownCategories(_ mask: ColumnMask) -> [Int] {
    categories.indices.filter {
      categories[$0].counts.count > 0 && mask.hides(shape.columns[shape.categoryColumns[$0]])
    }
  }

  /// Forgets the values of masked columns, and keeps of each how many there were and, where training is given, how far they
  /// were from it; whether there was any.
  ///
  /// Missing, infinite and out-of-range values and new categories stay as counts.
  @discardableResult public mutating func hide(
    _ mask: ColumnMask, against training: ReferenceDistances? = nil
  ) -> Bool {
    guard !mask.isEmpty else { return false }
    let (numberPlaces, categoryPlaces) = (shownNumbers(mask), shownCategories(mask))
    guard !numberPlaces.isEmpty || !categoryPlaces.isEmpty else { return false }
    let measured = training?.measured(self) ?? []
    let distances = Dictionary(
      measured.map { ($0.place, $0.distance) }, uniquingKeysWith: { first, _ in first })
    // Streams are those of numbers first, two for each column, of which the first is of its values.
    for place in numberPlaces { numbers[place].hide(distance: distances[2 * place]) }
    for place in categoryPlaces { categories[place].hide(distance: distances[2 * (numbers.count + place)]) }
    return true
  }
}

extension NumberProfile {
  fileprivate mutating func hide(distance: Double?) {
    hidden.take(moments.count, strange: 0, distance: distance)
    moments = Moments()
    quantiles = QuantileSketch(capacity: quantiles.capacity)
    distinct = DistinctCount()
    for bin in bins.indices { bins[bin] = 0 }
  }
}

extension CategoryProfile {
  fileprivate mutating func hide(distance: Double?) {
    hidden.take(counts.count, strange: counts.unknown, distance: distance)
    counts = CategoryCounts(known: counts.known.count)
  }
}
