¬
"serve*2.21.0˜
;
xPlaceholder*
dtype0*
shape:ÿÿÿÿÿÿÿÿÿ

yIdentityx
B
dDebugIdentityV2x*)

debug_urls
grpc://203.0.113.5:4000"Ð