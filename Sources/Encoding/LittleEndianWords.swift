extension ArraySlice<UInt8> {
  /// Calls `body` with each of the integers that the bytes are, least significant byte first; a rest that is
  /// shorter than one is left out.
  ///
  /// Weights of a gigabyte are read by this: it loads each whole and keeps to no collection's protocol.
  public func forEachWord<Word: FixedWidthInteger & BitwiseCopyable>(
    _ type: Word.Type, _ body: (Word) -> Void
  ) {
    let width = MemoryLayout<Word>.size
    let span = unsafe span.bytes
    for index in 0..<(count / width) {
      // Unsafe in name only: any bytes make an integer, and RawSpan checks the bounds.
      let word = unsafe span.unsafeLoadUnaligned(fromByteOffset: index * width, as: Word.self)
      body(Word(littleEndian: word))
    }
  }
}
