/// Compressed bytes on their way to unpacked ones, under one budget for all streams of the input.
struct Unpacking {
  /// What the streams are called in messages.
  private let name: String
  private let input: ArraySlice<UInt8>
  private let limit: Int
  private let budget: ReadingBudget
  /// How many bytes of the input were taken.
  private(set) var consumed = 0
  /// What was unpacked so far.
  private(set) var output: [UInt8] = []

  /// Begins with the first byte of `input`.
  init(_ name: String, input: ArraySlice<UInt8>, budget: ReadingBudget) {
    self.name = name
    self.input = input
    self.budget = budget
    limit = budget.unpackedLimit(of: input.count)
  }

  /// The bytes that were not taken yet.
  var rest: ArraySlice<UInt8> { input.dropFirst(consumed) }

  /// Takes bytes that are not part of a stream.
  mutating func skip(_ count: Int) {
    consumed += min(max(0, count), input.count - consumed)
  }

  /// Takes the zeros that stand before `magic` or the end of the input.
  mutating func skipZeros(unlessBefore magic: [UInt8]) {
    let next = rest.drop { $0 == 0 }
    if next.isEmpty || next.starts(with: magic) { consumed = input.count - next.count }
  }

  /// Makes room for as many bytes as somebody says there will be, where the budget allows that many.
  mutating func reserve(_ count: Int) {
    output.reserveCapacity(max(0, min(count, limit)))
  }

  /// Unpacks one stream to its end.
  mutating func run(_ decoder: any StreamDecoder) throws(DecompressionFailure) {
    let start = consumed
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    if output.capacity == 0 { reserve(4 * input.count) }
    while true {
      // The libraries count in 32 bits.
      let window = rest.prefix(1 << 20)
      let step: DecoderStep
      do throws(DecoderFault) {
        step = try decoder.step(window, into: &chunk)
      } catch {
        switch error {
        case .damaged(let found): throw .malformed("expected a \(name) stream, found \(found)", offset: start)
        case .memory(let found): throw .bomb("expected a \(name) stream, found \(found)", offset: start)
        }
      }
      consumed += step.consumed
      output.append(contentsOf: chunk.prefix(step.written))
      guard output.count <= limit else { throw .bomb(excess, offset: start) }
      if step.isEnd { return }
      guard step.written > 0 || step.consumed > 0 else {
        throw .malformed(
          "expected the end of the \(name) stream, found the end of the file", offset: consumed)
      }
      // One output chunk large enough for a big file saves most of the calls.
      if output.count > 1 << 20, chunk.count < 1 << 18 { chunk = [UInt8](repeating: 0, count: 1 << 18) }
    }
  }

  private var excess: String {
    if limit == budget.decompressedBytes { return "unpacks to more than \(limit) bytes" }
    let ratio = limit > budget.largeBytes ? budget.largeRatio : budget.compressionRatio
    return "\(input.count) bytes unpack to \(output.count) and more, over \(ratio) times their number"
  }
}
