/// Terms by their bytes: which number each has.
///
/// Python's texts are equal where their characters are; Swift's also where they are canonically equivalent,
/// which would take é for e and an accent.
package struct TermTable: Sendable {
  /// The terms end to end.
  private let bytes: [UInt8]
  /// Where each term begins, and the last one ends.
  private let starts: [Int]
  /// The number of a term plus one in the place that its hash gives, or in the next that was free; 0 is free.
  private var slots: [Int32]
  private let mask: Int
  private let seed: UInt64

  /// Numbers the terms in order; nil where one occurs twice.
  package init?(_ terms: [String]) {
    var (bytes, starts) = ([UInt8](), [0])
    for term in terms {
      bytes += term.utf8
      starts.append(bytes.count)
    }
    self.bytes = bytes
    self.starts = starts
    var capacity = 16
    while capacity < terms.count * 2 { capacity *= 2 }
    slots = Array(repeating: 0, count: capacity)
    mask = capacity - 1
    // Another one in each process, so that no artifact can choose terms that collide.
    seed = UInt64(bitPattern: Int64(Hasher().finalize()))
    for index in terms.indices {
      let range = starts[index]..<starts[index + 1]
      var slot = slot(bytes.span, range)
      while slots[slot] != 0 {
        if holds(Int(slots[slot]) - 1, bytes.span, range) { return nil }
        slot = (slot + 1) & mask
      }
      slots[slot] = Int32(index + 1)
    }
  }

  /// The number of the term that the bytes in the range spell; nil where there is none.
  package func index(of range: Range<Int>, in text: Span<UInt8>) -> Int? {
    var slot = slot(text, range)
    while slots[slot] != 0 {
      let index = Int(slots[slot]) - 1
      if holds(index, text, range) { return index }
      slot = (slot + 1) & mask
    }
    return nil
  }

  /// FNV-1a of 64 bits, its halves folded.
  private func slot(_ text: Span<UInt8>, _ range: Range<Int>) -> Int {
    var hash = seed
    for index in range { hash = (hash ^ UInt64(text[index])) &* 0x100_0000_01B3 }
    return Int(truncatingIfNeeded: hash ^ hash >> 32) & mask
  }

  private func holds(_ index: Int, _ text: Span<UInt8>, _ range: Range<Int>) -> Bool {
    let start = starts[index]
    guard starts[index + 1] - start == range.count else { return false }
    for offset in 0..<range.count where bytes[start + offset] != text[range.lowerBound + offset] {
      return false
    }
    return true
  }
}
