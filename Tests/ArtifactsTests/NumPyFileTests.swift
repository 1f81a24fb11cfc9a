import Encoding
import TestKit
import Testing

@testable import Artifacts

@Suite struct NumPyFileTests {
  private static func file(header: String, data: [UInt8] = []) -> [UInt8] {
    [0x93] + Array("NUMPY".utf8) + [1, 0] + UInt16(header.utf8.count).littleEndianBytes + Array(header.utf8)
      + data
  }

  @Test func `what NumPy wrote is read, and written again as the same bytes`() throws {
    let folder = "models/sklearn-1.9"
    var compared = 0
    for model in try Fixtures.names(in: folder) {
      for name in try Fixtures.names(in: "\(folder)/\(model)") where name.hasSuffix(".npy") {
        let bytes = try Fixtures.bytes("\(folder)/\(model)/\(name)")
        let array = try NumPyFile.read(bytes[...])
        guard case .bytes(let data) = array.storage, !array.isFortranOrder else { continue }
        let written = NumPyFile.write(type: array.type, shape: array.shape, bytes: data)
        #expect(written == bytes, "\(model)/\(name)")
        compared += 1
      }
    }
    #expect(compared > 50)
  }

  @Test func `the bytes of an array share the memory of the file`() throws {
    let bytes = try #require(
      NumPyFile.write(type: .float(size: 8, .little), shape: [2, 1], bytes: [UInt8](repeating: 7, count: 16)))
    let array = try NumPyFile.read(bytes[...])
    guard case .bytes(let data) = array.storage else { return }
    #expect(data.startIndex == bytes.count - 16)
  }

  @Test func `a header that contradicts the data says what was expected and found`() {
    let bytes = Self.file(
      header: "{'descr': '<f8', 'fortran_order': False, 'shape': (3,), }\n",
      data: [UInt8](repeating: 0, count: 16))
    #expect(
      throws: NumPyFileError(message: "expected 3 items of 8 bytes, found 16 bytes", offset: bytes.count - 16)
    ) { try NumPyFile.read(bytes[...]) }
  }

  @Test(arguments: [
    "{'descr': __import__('os'), 'fortran_order': False, 'shape': (3,), }", "{", "{'descr': '<f8'}",
    "(((((((",
    "{'descr': '<f8', 'fortran_order': False, 'shape': (9223372036854775807, 9223372036854775807), }",
    "{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999999999999,), }",
    "{'descr': '<f8', 'fortran_order': False, 'shape': (-1,), }",
    "{'descr': 'f3', 'fortran_order': False, 'shape': ()}",
  ])
  func `a header beyond the format is refused`(header: String) {
    #expect(throws: NumPyFileError.self) { try NumPyFile.read(Self.file(header: header)[...]) }
  }

  @Test func `a file cut off at any byte is refused`() throws {
    let bytes = try #require(NumPyFile.write(type: .bool, shape: [3], bytes: [1, 0, 1]))
    for count in 0..<bytes.count {
      #expect(throws: NumPyFileError.self) { try NumPyFile.read(bytes[..<count]) }
    }
  }

  private static func file(_ header: String, _ data: [UInt8], encoding latin1: Bool = false) -> [UInt8] {
    let text = latin1 ? header.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) } : Array(header.utf8)
    return [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(text.count), 0] + text + data
  }

  @Test func `a record in a record, a shape of a field and an escaped name are read`() throws {
    let header =
      "{'descr': [('a\\'b', '<f8'), ('r', [('x', '<i4'), ('y', '<i4', (2, 2))])], 'fortran_order': False, 'shape': (1,)}"
    let array = try NumPyFile.read(Self.file(header, [UInt8](repeating: 0, count: 28))[...])
    #expect(array.type.itemSize == 28)
  }

  @Test func `a name in Latin-1 is read`() throws {
    let header = "{'descr': [('\u{E9}', '<f8')], 'fortran_order': False, 'shape': (1,)}"
    let bytes = Self.file(header, [UInt8](repeating: 0, count: 8), encoding: true)
    #expect(try NumPyFile.read(bytes[...]).shape == [1])
  }

  @Test func `a Python object deep in a record makes the file a pickle`() throws {
    let header = "{'descr': [('r', [('x', '|O', (3,))])], 'fortran_order': False, 'shape': (1,)}"
    guard case .pickle = try NumPyFile.content(Self.file(header, Array("N.".utf8))[...]) else {
      Issue.record("expected a pickle")
      return
    }
  }
}
