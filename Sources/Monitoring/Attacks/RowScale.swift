import Encoding

/// How rows of a model are made comparable: sixteen numbers, in steps of a 4096th of the spread that training had.
///
/// Up to sixteen features have a lane each. Of more features several share one, weighted so that the lane varies as much
/// as one of them does; a change of any feature is a change of one lane.
struct RowScale: Sendable, Equatable {
  /// How many lanes a row has at most.
  static let lanes = 16
  /// How many steps are one spread.
  static let unit = 4096
  /// How many spreads from the middle a number counts at most; a missing one counts as so far below.
  static let reach = 8.0

  /// A feature that is a number.
  struct Number: Sendable, Equatable {
    /// Its place among the numbers of a row.
    let place: Int
    /// The median of training.
    let middle: Double
    /// What a distance to the middle is multiplied with.
    let factor: Double
  }

  /// The features that are numbers: the one at place i is of lane i modulo sixteen.
  let numbers: [Number]
  /// The places of the features that are categories among the categories of a row; their lanes come after.
  let texts: [Int]
  /// How many numbers and how many categories a row has, features or not.
  let width: (numbers: Int, texts: Int)
  /// What the sum of the features of a lane is multiplied with.
  private let weights: [Double]

  /// How many lanes are in use.
  var used: Int { weights.count }

  /// Up to which distance, over all lanes, rows are nearly the same: a quarter of a spread a lane in the mean.
  var nearLimit: Int { used * Self.unit / 4 }

  /// How many lanes may differ in rows that are variants of each other; none where there is but one.
  var variantLimit: Int32 { used > 1 ? Int32(max(1, used / 4)) : 0 }

  init(numbers: [Number], texts: [Int], width: (numbers: Int, texts: Int)) {
    self.numbers = numbers
    self.texts = texts
    self.width = width
    let features = numbers.count + texts.count
    weights = (0..<min(features, Self.lanes)).map { lane in
      1 / Double((features - lane + Self.lanes - 1) / Self.lanes).squareRoot()
    }
  }

  static func == (left: RowScale, right: RowScale) -> Bool {
    left.numbers == right.numbers && left.texts == right.texts && left.width == right.width
  }

  /// Writes a row's codes, and returns a fingerprint of its exact values.
  ///
  /// `row` has `width.numbers` numbers, `codes` room for sixteen. No number is too large for it, and none too odd.
  @inline(__always)
  func code(
    _ row: UnsafeBufferPointer<Double>, _ labels: ArraySlice<String?>,
    into codes: UnsafeMutableBufferPointer<UInt16>
  ) -> UInt32 {
    unsafe withUnsafeTemporaryAllocation(of: Double.self, capacity: Self.lanes) { sums in
      for lane in 0..<Self.lanes { unsafe sums[lane] = 0 }
      var mark: UInt64 = 0xCBF2_9CE4_8422_2325
      for (index, number) in numbers.enumerated() {
        let value = unsafe row[number.place]
        mark = (mark ^ value.bitPattern ^ (mark >> 29)) &* 0x9E37_79B9_7F4A_7C15
        let scaled = (value - number.middle) * number.factor
        let kept = scaled.isNaN ? -Self.reach : min(max(scaled, -Self.reach), Self.reach)
        unsafe sums[index % Self.lanes] += kept
      }
      for (index, place) in texts.enumerated() {
        let (value, hash) = Self.position(of: labels[labels.startIndex + place])
        mark = (mark ^ hash ^ (mark >> 29)) &* 0x9E37_79B9_7F4A_7C15
        unsafe sums[(numbers.count + index) % Self.lanes] += value
      }
      for lane in 0..<Self.lanes {
        let sum = unsafe lane < used ? sums[lane] * weights[lane] : 0
        let steps = (min(max(sum, -7.999), 7.999) * Double(Self.unit)).rounded(.down)
        unsafe codes[lane] = UInt16(truncatingIfNeeded: Int(steps) + 8 * Self.unit)
      }
      return UInt32(truncatingIfNeeded: CounterDraws.mix(mark))
    }
  }

  /// Where a category lies: anywhere within two spreads, the same wherever it comes.
  private static func position(of label: String?) -> (Double, UInt64) {
    guard let label else { return (-reach, 1) }
    let hash = CounterDraws.mix(FNV1a.hash(of: label.utf8))
    return (Double(hash >> 11) * 0x1p-51 - 2, hash)
  }
}
