import struct Crypto.HMAC
import struct Crypto.SHA256
import struct Crypto.SymmetricKey
import Domain
import Encoding
import Provenance
import Testing

@Suite struct `The code of a message` {
  // RFC 4231, test cases 1, 2, 4 and 6.
  @Test(arguments: [
    (
      [UInt8](repeating: 0x0B, count: 20), Array("Hi There".utf8),
      "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
    ),
    (
      Array("Jefe".utf8), Array("what do ya want for nothing?".utf8),
      "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    ),
    (
      Array(1...25), [UInt8](repeating: 0xCD, count: 50),
      "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"
    ),
    (
      [UInt8](repeating: 0xAA, count: 131),
      Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8),
      "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
    ),
  ])
  func `is that of the RFC`(key: [UInt8], message: [UInt8], code: String) {
    #expect(Hexadecimal.encode(MessageAuthentication.code(of: message, under: key).bytes) == code)
  }

  @Test func `is what others compute, for keys and messages of every length`() {
    for length in 0..<140 {
      let key = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 7) }
      let message = (0..<(length * 3)).map { UInt8(truncatingIfNeeded: $0 &* 13) }
      let other = HMAC<SHA256>.authenticationCode(for: message, using: SymmetricKey(data: key))
      #expect(MessageAuthentication.code(of: message, under: key).bytes == Array(other))
    }
  }
}
