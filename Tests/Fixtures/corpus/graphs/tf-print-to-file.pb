ª
"serve*2.21.0–
;
xPlaceholder*
dtype0*
shape:ÿÿÿÿÿÿÿÿÿ

yIdentityx
@
mPrintV2x*/
output_streamfile:///tmp/gatehouse-corpus"Ð