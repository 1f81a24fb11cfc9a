/// A share in hundredths of a percent, from 0 to 10,000.
public struct BasisPoints: Hashable, Sendable, Comparable, CustomStringConvertible {
  /// How many hundredths of a percent.
  public let value: Int

  /// Takes a share; nil below 0 and above 10,000.
  public init?(_ value: Int) {
    guard 0...10_000 ~= value else { return nil }
    self.value = value
  }

  /// Reads a share from a document; throws `share.malformed`.
  public init(parsing value: Int) throws(Problem) {
    guard let share = BasisPoints(value) else {
      throw Problem(
        .badInput, "share.malformed", "expected a share of 0 to 10000 basis points, found \(value)",
        hint: "write 1 % as 100")
    }
    self = share
  }

  private init(unchecked value: Int) { self.value = value }

  /// Nothing.
  public static let none = BasisPoints(unchecked: 0)
  /// All of it.
  public static let whole = BasisPoints(unchecked: 10_000)

  /// What is left of the whole.
  public var rest: BasisPoints { BasisPoints(unchecked: 10_000 - value) }

  /// In percent, `1 %`, `12.5 %` or `0.05 %`.
  public var description: String {
    let (whole, hundredths) = value.quotientAndRemainder(dividingBy: 100)
    if hundredths == 0 { return "\(whole) %" }
    if hundredths % 10 == 0 { return "\(whole).\(hundredths / 10) %" }
    return "\(whole).\(hundredths < 10 ? "0" : "")\(hundredths) %"
  }

  /// The order of the shares.
  public static func < (left: BasisPoints, right: BasisPoints) -> Bool { left.value < right.value }
}
