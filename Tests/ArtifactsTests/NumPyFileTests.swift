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
}
