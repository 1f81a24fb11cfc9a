/// About how much computing takes, in elementary steps: multiplications, comparisons, visits of a tree's nodes.
///
/// An upper bound in its order of magnitude, of which limits and schedules are made; no promise about time. Every
/// count stops at `Int.max` instead of overflowing.
public struct Work: Equatable, Sendable {
  /// Steps for each row.
  public private(set) var row: Int
  /// Steps for each UTF-8 byte of a row's texts, besides.
  public private(set) var byte: Int

  /// Nothing at all.
  public static let none = Work()

  /// States the steps for each row and for each byte of its texts.
  public init(row: Int = 0, byte: Int = 0) {
    self.row = row
    self.byte = byte
  }

  /// As many steps for each row as the product of the factors, none of which is negative.
  public static func product(_ factors: Int...) -> Work { Work(row: factors.reduce(1, times)) }

  /// How many steps it takes to find one of `count` things that are in order.
  public static func search(among count: Int) -> Int { Int.bitWidth - count.leadingZeroBitCount + 1 }

  /// Both, one after the other.
  public static func + (first: Work, second: Work) -> Work {
    Work(row: plus(first.row, second.row), byte: plus(first.byte, second.byte))
  }

  /// Adds other work.
  public static func += (work: inout Work, other: Work) { work = work + other }

  /// How many steps rows take whose texts have `bytes` bytes in all.
  public func steps(rows: Int, bytes: Int) -> Int {
    Self.plus(Self.times(row, rows), Self.times(byte, bytes))
  }

  private static func plus(_ first: Int, _ second: Int) -> Int {
    let (sum, overflow) = first.addingReportingOverflow(second)
    return overflow ? .max : sum
  }

  private static func times(_ first: Int, _ second: Int) -> Int {
    let (product, overflow) = first.multipliedReportingOverflow(by: second)
    return overflow ? .max : product
  }
}
