import Artifacts

/// Reads the input as a `.npy` file; an array that comes out holds as many bytes as its shape says.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzNumPyFile(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let bytes = unsafe Array(UnsafeBufferPointer(start: start, count: count))
  guard let array = try? NumPyFile.read(bytes[...]), case .bytes(let data) = array.storage else { return 0 }
  precondition(array.count * array.type.itemSize == data.count)
  return 0
}
